// Pointer events on a sheet become strokes.
import { SHEET, distance } from './strokes.js';

const STREAMLINE = 0.62, LEAST_MOVE = 0.8;     // of the way to each sample; sheet units
const PALM_MS = 5000;                          // touch is a palm for so long after a pen

/**
 * Listen to the pointer on a square sheet. A second pointer is ignored; a canceled stroke is dropped.
 * @param {HTMLElement} element
 * @param {{down(stroke): boolean, move(stroke): void, up(stroke | null): void}} on `down` returns whether the sheet
 *   takes ink now; `up` gets null for a stroke that was dropped
 */
export function listenToPen(element, on) {
  let stroke = null, pointer = null, startedAt = 0, penSeenAt = -Infinity;

  const pointOf = (event, box) => [
    (event.clientX - box.left) / box.width * SHEET, (event.clientY - box.top) / box.width * SHEET,
    Math.max(0, Math.round(event.timeStamp - startedAt)), event.pressure,
  ];
  const last = () => stroke.points[stroke.points.length - 1];

  element.addEventListener('pointerdown', event => {
    if (stroke || event.button !== 0) return;
    if (event.pointerType === 'pen') penSeenAt = event.timeStamp;
    if (event.pointerType === 'touch' && event.timeStamp - penSeenAt < PALM_MS) return;
    startedAt = event.timeStamp;
    stroke = { points: [pointOf(event, element.getBoundingClientRect())], by: 'hand', live: true, began: Date.now() };
    if (event.pointerType === 'pen') stroke.pen = true;
    if (!on.down(stroke)) { stroke = null; return; }
    pointer = event.pointerId;
    element.setPointerCapture(pointer);
    element.focus({ preventScroll: true, focusVisible: false });
    event.preventDefault();
  });

  element.addEventListener('pointermove', event => {
    if (!stroke || event.pointerId !== pointer) return;
    const box = element.getBoundingClientRect(), samples = event.getCoalescedEvents?.() ?? [];
    if (event.pointerType === 'pen') penSeenAt = event.timeStamp;
    for (const sample of samples.length ? samples : [event]) {
      const [x, y, ms, pressure] = pointOf(sample, box), old = last();
      const next = [old[0] + STREAMLINE * (x - old[0]), old[1] + STREAMLINE * (y - old[1]), ms, pressure];
      if (distance(old, next) > LEAST_MOVE) stroke.points.push(next);
    }
    on.move({ ...stroke, points: [...stroke.points, pointOf(event, box)] });
  });

  const end = event => {
    if (!stroke || event.pointerId !== pointer) return;
    const { live, ...done } = stroke;
    if (event.type === 'pointerup') {
      const tip = pointOf(event, element.getBoundingClientRect());
      if (distance(last(), tip) > LEAST_MOVE) done.points.push(tip);
    }
    stroke = null;
    on.up(event.type === 'pointerup' ? done : null);
  };
  element.addEventListener('pointerup', end);
  element.addEventListener('pointercancel', end);
}
