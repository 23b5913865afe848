// Ink on canvases: round, a little thinner where the hand was fast and at the ends; ghosts as one even line.
import { SHEET, bounds, curve, distance } from './strokes.js';

export const NIB = 6.6;                        // sheet units: 5 px on a sheet of 760
const DEEPEST_RATIO = 3;
const TAPER = 26, FASTEST = 2.4;               // sheet units; sheet units a millisecond

/** The colors of the theme, and how strong ghosts are, read from the style sheet. */
export function readColors() {
  const style = getComputedStyle(document.documentElement), value = name => style.getPropertyValue(name).trim();
  return { ink: value('--ink'), ghost: value('--ghost'), ghostAlpha: Number(value('--ghost-alpha')) };
}

/** Give a canvas as many pixels as the screen has there; return its context, the sheet's units across. */
export function fitCanvas(canvas) {
  const ratio = Math.min(DEEPEST_RATIO, devicePixelRatio || 1);
  const width = Math.max(1, Math.round(canvas.clientWidth * ratio)), height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
  return prepare(canvas);
}

function prepare(canvas) {
  const g = canvas.getContext('2d');
  g.setTransform(canvas.width / SHEET, 0, 0, canvas.width / SHEET, 0, 0);
  g.lineCap = g.lineJoin = 'round';
  return g;
}

export function wipe(g) {
  g.save();
  g.setTransform(1, 0, 0, 1, 0, 0);
  g.clearRect(0, 0, g.canvas.width, g.canvas.height);
  g.restore();
}

/** Widths along a line: from the pen's pressure, else from speed, eased; tapered at both ends. */
function widths(stroke, line, nib) {
  const run = new Float32Array(line.length), out = new Float32Array(line.length);
  for (let i = 1; i < line.length; i++) run[i] = run[i - 1] + distance(line[i - 1], line[i]);
  const total = run[line.length - 1], taper = Math.min(TAPER, total / 4);
  let eased = 1;
  for (let i = 0; i < line.length; i++) {
    let target = 1;
    if (stroke.pen) target = 0.35 + 1.15 * (line[i][3] ?? 0.5);
    else if (stroke.by === 'model') target = 1.02 - 0.1 * Math.sin(Math.PI * run[i] / (total || 1));
    else if (i) target = 1.12 - 0.42 * Math.min(1, (run[i] - run[i - 1]) / Math.max(1, line[i][2] - line[i - 1][2]) / FASTEST);
    eased += (target - eased) * 0.22;
    const atStart = 0.7 + 0.3 * run[i] / taper, atEnd = stroke.live ? 1 : 0.62 + 0.38 * (total - run[i]) / taper;
    out[i] = nib * eased * (taper > 1 && !stroke.pen ? Math.min(1, atStart, atEnd) : 1);
  }
  return out;
}

/** Draw strokes as ink of varying width. */
export function drawInk(g, strokes, color, nib = NIB) {
  g.strokeStyle = g.fillStyle = color;
  g.globalAlpha = 1;
  for (const stroke of strokes) {
    const line = curve(stroke);
    if (line.every(point => point[0] === line[0][0] && point[1] === line[0][1])) {
      g.beginPath(); g.arc(line[0][0], line[0][1], nib * 0.72, 0, 2 * Math.PI); g.fill();
      continue;
    }
    const width = widths(stroke, line, nib);
    for (let i = 1; i < line.length; i++) {
      g.lineWidth = (width[i] + width[i - 1]) / 2;
      g.beginPath(); g.moveTo(line[i - 1][0], line[i - 1][1]); g.lineTo(line[i][0], line[i][1]); g.stroke();
    }
  }
}

/** Draw strokes as one even line: where they cross, they do not darken. */
export function drawLine(g, strokes, color, alpha = 1, nib = NIB) {
  g.strokeStyle = color;
  g.globalAlpha = alpha;
  g.lineWidth = nib;
  g.beginPath();
  for (const stroke of strokes) {
    const line = curve(stroke);
    g.moveTo(line[0][0], line[0][1]);
    if (line.length === 1) g.lineTo(line[0][0] + 0.01, line[0][1]);
    for (let i = 1; i < line.length; i++) g.lineTo(line[i][0], line[i][1]);
  }
  g.stroke();
  g.globalAlpha = 1;
}

/** Paint with the whole of `strokes` in view, their middle at (500, y); `paint` is told how much is enlarged. */
export function inView(g, strokes, { fill, y = SHEET / 2, largest = Infinity }, paint) {
  const [left, top, right, bottom] = bounds(strokes), scale = Math.min(fill / Math.max(right - left, bottom - top, 1), largest);
  g.save();
  g.translate(SHEET / 2, y);
  g.scale(scale, scale);
  g.translate(-(left + right) / 2, -(top + bottom) / 2);
  paint(scale);
  g.restore();
}

/** A drawing as a PNG, 1024 pixels square, framed with a margin of 6 %, on nothing. */
export function toPng(strokes, color) {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1024;
  const g = prepare(canvas);
  inView(g, strokes, { fill: 0.88 * SHEET - 2 * NIB }, () => drawInk(g, strokes, color));
  return new Promise(resolve => canvas.toBlob(resolve, 'image/png'));
}
