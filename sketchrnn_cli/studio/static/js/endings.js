// The six cells beside the sheet: each shows a whole drawing, its ending by the model.
import { clipped } from './strokes.js';
import { drawLine, fitCanvas, inView, wipe } from './ink.js';

export const COUNT = 6;
const NIB_IN_CELL = 20, FILL_OF_CELL = 720, SMALLEST_SIDE = 300, LARGEST_SCALE = 1.6, MIDDLE = 535;

/**
 * Listen to the six cells of `group`.
 * @param {{take(i: number, single: boolean): void, light(i: number): void}} on `light(-1)`: none
 */
export function createCells(group, on) {
  const cells = [...group.querySelectorAll('.ending')].map((button, i) => {
    listenToCell(button, single => on.take(i, single), isLit => on.light(isLit ? i : -1));
    button.addEventListener('keydown', event => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      cells[(i + step + COUNT) % COUNT].button.focus();
    });
    return { button, canvas: button.querySelector('canvas') };
  });
  return {
    fit: () => cells.forEach(({ canvas }) => fitCanvas(canvas)),
    light: lit => cells.forEach(({ button }, i) => button.classList.toggle('lit', i === lit)),
    enable: offers => cells.forEach(({ button }, i) => { button.disabled = !offers[i]?.isReady; }),
    clear: () => cells.forEach(({ canvas }) => wipe(canvas.getContext('2d'))),
    /** Paint offers, each as far as it is shown, behind the strokes they end. */
    paint(strokes, offers, colors) {
      cells.forEach(({ canvas }, i) => {
        const g = canvas.getContext('2d'), offer = offers[i], shown = offer ? clipped(offer.strokes, offer.shown) : [];
        wipe(g);
        if (!shown.length) return;
        const box = [...strokes, ...shown, ...(strokes.length ? [] : offer.strokes)];
        const view = { fill: FILL_OF_CELL, y: MIDDLE, largest: Math.min(LARGEST_SCALE, FILL_OF_CELL / SMALLEST_SIDE) };
        inView(g, box, view, scale => {
          drawLine(g, strokes, colors.ink, 1, NIB_IN_CELL / scale);
          drawLine(g, shown, strokes.length ? colors.ghost : colors.ink, 1, NIB_IN_CELL / scale);
        });
      });
    },
  };
}

/** A mouse lights on its way over and takes by a click; a finger lights as it comes down and takes as it is lifted. */
function listenToCell(button, take, light) {
  let wasTouched = false, isTaking = false;
  const isOver = event => button.contains(document.elementFromPoint(event.clientX, event.clientY));
  button.addEventListener('pointerenter', event => { if (event.pointerType === 'mouse') light(true); });
  button.addEventListener('pointerleave', () => light(false));
  button.addEventListener('focus', () => { if (button.matches(':focus-visible')) light(true); });
  button.addEventListener('blur', () => light(false));
  button.addEventListener('pointerdown', event => {
    wasTouched = event.pointerType !== 'mouse';
    isTaking = wasTouched && !button.disabled;
    if (isTaking) light(true);
  });
  button.addEventListener('pointermove', event => {
    if (!isTaking || isOver(event)) return;
    isTaking = false;
    light(false);
  });
  button.addEventListener('pointercancel', () => { isTaking = false; light(false); });
  button.addEventListener('pointerup', event => {
    if (isTaking && isOver(event)) take(event.shiftKey);
    if (isTaking) light(false);
    isTaking = false;
  });
  button.addEventListener('click', event => {
    if (event.detail && wasTouched) return;    // pointerup has seen to it
    take(event.shiftKey);
  });
}
