// Geometry: strokes on the sheet, which is 1000 units wide at every size, and the model's rows. No DOM.
//
// A stroke is {points: [[x, y, ms, pressure], ...], by: 'hand' | 'model', pen?: true, began?: ms since 1970}; strokes
// do not change once they are on the sheet.

export const SHEET = 1000;
const FILL = 0.72;                             // of the sheet, by a drawing as large as the checkpoint's canvas
const TOLERANCE_PIXELS = 2, WIDEST_TOLERANCE = 200;
const CORNER_DEGREES = 100, LONE_CORNER_DEGREES = 58;

/** Sheet units in a data unit of the model. */
export const sheetPerPixel = model => SHEET * FILL / model.canvas;
/** Sheet units in a model unit. */
export const sheetPerUnit = model => sheetPerPixel(model) * model.scale;

export const pointCount = strokes => strokes.reduce((sum, stroke) => sum + stroke.points.length, 0);
export const distance = (p, q) => Math.hypot(q[0] - p[0], q[1] - p[1]);

/** Points at even distances along a line, its ends among them. */
export function resample(points, spacing) {
  const out = [points[0]];
  let left = spacing;
  for (let i = 1; i < points.length; i++) {
    let [x, y] = points[i - 1];
    const [toX, toY] = points[i];
    for (let rest = Math.hypot(toX - x, toY - y); rest >= left; rest = Math.hypot(toX - x, toY - y)) {
      x += (toX - x) * left / rest; y += (toY - y) * left / rest;
      out.push([x, y]);
      left = spacing;
    }
    left -= Math.hypot(toX - x, toY - y);
  }
  const last = points[points.length - 1];
  if (points.length > 1 && (out.length === 1 || distance(out[out.length - 1], last) > spacing / 10)) out.push([last[0], last[1]]);
  return out;
}

/** Drop the points nearer than `epsilon` to the line through those that stay (Ramer, Douglas and Peucker). */
export function simplify(points, epsilon) {
  const keep = new Uint8Array(points.length), spans = [[0, points.length - 1]];
  keep[0] = keep[points.length - 1] = 1;
  while (spans.length) {
    const [first, last] = spans.pop(), [ax, ay] = points[first], dx = points[last][0] - ax, dy = points[last][1] - ay;
    const length = Math.hypot(dx, dy);
    let far = epsilon, at = -1;
    for (let i = first + 1; i < last; i++) {
      const px = points[i][0] - ax, py = points[i][1] - ay;
      const off = length ? Math.abs(px * dy - py * dx) / length : Math.hypot(px, py);
      if (off > far) { far = off; at = i; }
    }
    if (at > 0) { keep[at] = 1; spans.push([first, at], [at, last]); }
  }
  return points.filter((_, i) => keep[i]);
}

/** Lines [[x, y], ...] -> stroke-3 rows, offsets times `factor`; a dot that comes first is a line without length. */
export function linesToRows(lines, factor) {
  const points = [];
  lines.forEach((line, n) => {
    const whole = n === 0 && line.length === 1 ? [line[0], line[0]] : line;
    whole.forEach(([x, y], i) => points.push([x, y, Number(i === whole.length - 1)]));
  });
  const rows = new Float32Array(Math.max(0, points.length - 1) * 3);
  for (let i = 1; i < points.length; i++) {
    rows.set([(points[i][0] - points[i - 1][0]) * factor, (points[i][1] - points[i - 1][1]) * factor, points[i][2]], 3 * i - 3);
  }
  return rows;
}

/**
 * Strokes as the model reads them: simplified, the tolerance raised until they are at most `most` rows.
 * @returns {Float32Array | null} rows `[n * 3]` in model units; null for a drawing that is too long at any tolerance
 */
export function toRows(strokes, model, most) {
  const pixel = sheetPerPixel(model), lines = strokes.map(stroke => resample(stroke.points, pixel));
  for (let epsilon = TOLERANCE_PIXELS * pixel; epsilon < WIDEST_TOLERANCE; epsilon *= 1.3) {
    const rows = linesToRows(lines.map(line => simplify(line, epsilon)), 1 / sheetPerUnit(model));
    if (rows.length / 3 <= most) return rows;
  }
  return null;
}

/** Strokes for the server's writers: as they look, [[dx, dy, pen], ...] in data units. */
export function toPictureRows(strokes, model) {
  const rows = linesToRows(strokes.map(stroke => simplify(curve(stroke), 0.5)), 1 / sheetPerPixel(model)), out = [];
  for (let i = 0; i < rows.length; i += 3) out.push([Math.round(rows[i] * 100) / 100, Math.round(rows[i + 1] * 100) / 100, rows[i + 2]]);
  return out;
}

/** Collects the model's points into strokes on the sheet, from where the pen was. */
export class Tracer {
  /** @param {boolean} isUp the pen was up there: the next point begins a stroke */
  constructor(model, origin, isUp = true) {
    this.factor = sheetPerUnit(model);
    this.at = [origin[0], origin[1]];
    this.strokes = [];
    this.count = 0;
    this.ended = false;
    this.open = isUp ? null : this.#begin();
  }

  add(dx, dy, pen) {
    if (pen === 2) { this.ended = true; return; }
    this.at = [this.at[0] + dx * this.factor, this.at[1] + dy * this.factor];
    this.count++;
    if (this.open) this.open.points.push(this.at);
    else this.open = this.#begin();
    if (pen === 1) this.open = null;
  }

  #begin() {
    const stroke = { points: [this.at], by: 'model' };
    this.strokes.push(stroke);
    return stroke;
  }
}

/** The strokes of rows [[dx, dy, pen], ...] in data units. */
export function fromRows(rows, model) {
  const tracer = new Tracer({ canvas: model.canvas, scale: 1 }, [SHEET / 2, SHEET / 2], false);
  for (const [dx, dy, pen] of rows) tracer.add(dx, dy, pen);
  return tracer.strokes;
}

/** The first `count` points. */
export function clipped(strokes, count) {
  const out = [];
  for (const stroke of strokes) {
    if (count <= 0) break;
    out.push(count >= stroke.points.length ? stroke : { ...stroke, points: stroke.points.slice(0, Math.ceil(count)) });
    count -= stroke.points.length;
  }
  return out;
}

/** left, top, right, bottom. */
export function bounds(strokes) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { points } of strokes) {
    for (const [x, y] of points) {
      box[0] = Math.min(box[0], x); box[1] = Math.min(box[1], y); box[2] = Math.max(box[2], x); box[3] = Math.max(box[3], y);
    }
  }
  return box;
}

/** Strokes moved so that the middle of their box is (x, y). */
export function centered(strokes, x = SHEET / 2, y = SHEET / 2) {
  if (!strokes.length) return strokes;
  const [left, top, right, bottom] = bounds(strokes), dx = x - (left + right) / 2, dy = y - (top + bottom) / 2;
  return strokes.map(stroke => ({ ...stroke, points: stroke.points.map(([px, py, ...rest]) => [px + dx, py + dy, ...rest]) }));
}

/**
 * The model's few points are joined by cubics whose tangents weigh both neighbors. A point is a corner where the line
 * turns by more than 100 degrees, or by more than 58 where its neighbors do not turn alike: so a triangle stays one,
 * and a circle of five points is round. A short closed stroke is smooth round its end.
 * @returns {number[][][]} [[control, control, end], ...] after the first point
 */
function cubics({ points }) {
  const n = points.length, [left, top, right, bottom] = bounds([{ points }]), size = Math.hypot(right - left, bottom - top);
  const gap = distance(points[0], points[n - 1]), closed = n > 4 && size < 220 && gap < Math.max(10, 0.3 * size);
  const wrap = gap < 10 ? 1 : 0;               // first and last point are the same place
  const before = i => points[i > 0 ? i - 1 : closed ? n - 1 - wrap : 0];
  const after = i => points[i < n - 1 ? i + 1 : closed ? wrap : n - 1];
  const turns = points.map((p, i) => {
    const a = before(i), c = after(i);
    if (a === p || c === p) return 0;
    const turn = Math.atan2(c[1] - p[1], c[0] - p[0]) - Math.atan2(p[1] - a[1], p[0] - a[0]);
    return (turn - 2 * Math.PI * Math.round(turn / (2 * Math.PI))) * 180 / Math.PI;
  });
  const tangents = points.map((p, i) => {
    const turn = turns[i], like = j => turns[(j + n) % n] * turn > 0 && Math.abs(turns[(j + n) % n]) > 0.45 * Math.abs(turn);
    if (Math.abs(turn) > CORNER_DEGREES || (Math.abs(turn) > LONE_CORNER_DEGREES && !(like(i - 1) && like(i + 1)))) return null;
    const a = before(i), c = after(i), la = distance(a, p), lc = distance(p, c);
    if (!la || !lc) return null;
    return unit([(p[0] - a[0]) / la * lc + (c[0] - p[0]) / lc * la, (p[1] - a[1]) / la * lc + (c[1] - p[1]) / lc * la]);
  });
  return points.slice(1).map((b, i) => {
    const a = points[i], third = distance(a, b) / 2.7, chord = unit([b[0] - a[0], b[1] - a[1]]);
    const ta = tangents[i] ?? chord, tb = tangents[i + 1] ?? chord;
    return [[a[0] + ta[0] * third, a[1] + ta[1] * third], [b[0] - tb[0] * third, b[1] - tb[1] * third], b];
  });
}

const unit = ([x, y]) => { const length = Math.hypot(x, y) || 1; return [x / length, y / length]; };
const isCurved = stroke => stroke.by === 'model' && stroke.points.length > 1;

const curves = new WeakMap();                  // of strokes: a tracer's grow, so with the number of points
/** A stroke's center line. A hand's points are dense and stay; the model's are joined by curves. */
export function curve(stroke) {
  if (!isCurved(stroke)) return stroke.points;
  const known = curves.get(stroke);
  if (known?.count === stroke.points.length) return known.line;
  const line = [stroke.points[0]];
  for (const [q, r, b] of cubics(stroke)) {
    const a = line[line.length - 1], steps = Math.max(1, Math.min(24, Math.ceil(distance(a, b) / 5)));
    for (let s = 1; s <= steps; s++) {
      const t = s / steps, u = 1 - t, wa = u * u * u, wq = 3 * u * u * t, wr = 3 * u * t * t, wb = t * t * t;
      line.push([wa * a[0] + wq * q[0] + wr * r[0] + wb * b[0], wa * a[1] + wq * q[1] + wr * r[1] + wb * b[1]]);
    }
  }
  curves.set(stroke, { count: stroke.points.length, line });
  return line;
}

/** A drawing as an SVG document, framed with a margin of 6 %: a path a stroke, in order. */
export function toSvg(strokes, color, nib) {
  const [left, top, right, bottom] = bounds(strokes), margin = 0.06 * Math.max(right - left, bottom - top) + nib;
  const n = value => String(Math.round(value * 10) / 10), pair = ([x, y]) => `${n(x)} ${n(y)}`;
  const paths = strokes.map(stroke => {
    const [first, ...rest] = stroke.points;
    const d = isCurved(stroke) ? cubics(stroke).map(piece => `C${piece.map(pair).join(' ')}`) : rest.length ? rest.map(p => `L${pair(p)}`) : ['h0'];
    return `<path d="M${pair(first)}${d.join('')}"/>`;
  });
  const box = [left - margin, top - margin, right - left + 2 * margin, bottom - top + 2 * margin].map(n).join(' ');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box}">\n<g fill="none" stroke="${color}" stroke-width="${nib}" `
    + `stroke-linecap="round" stroke-linejoin="round">\n${paths.join('\n')}\n</g>\n</svg>\n`;
}
