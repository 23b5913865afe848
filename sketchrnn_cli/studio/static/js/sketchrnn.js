// Sketch-RNN for creative coders: load a model, let it draw, go on with a drawing, encode, interpolate. One ES module
// that imports nothing when `sketchrnn checkpoint export --format web --out FOLDER/` has written it; types beside it.
//
// A drawing is a list of strokes, a stroke a list of [x, y] in pixels, y downwards, of a canvas as large as the model's
// (`model.canvas`). A drawing by the model begins at [0, 0].
import { createRandom } from './arrays.js';
import { normalVector, openModel, slerp } from './model.js';
import { guessBeginnings } from './guess.js';
import { linesToRows, resample, simplify } from './strokes.js';

const TOLERANCE_PIXELS = 2, LARGEST_TOLERANCE_PIXELS = 60, SHARE_GIVEN = 0.75;

/** Load `weights.safetensors` and `hparams.json` of a folder. */
export async function load(url, { plain = false } = {}) {
  const folder = String(url).replace(/\/*$/, '/');
  const [sidecar, weights] = await Promise.all([
    fetchOrFail(`${folder}hparams.json`).then(answer => answer.json()),
    fetchOrFail(`${folder}weights.safetensors`).then(answer => answer.arrayBuffer()),
  ]);
  return new SketchRNN(await openModel(sidecar, weights, { plain }), sidecar.words ?? []);
}

async function fetchOrFail(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${answer.statusText}`);
  return answer;
}

/** A loaded model. */
export class SketchRNN {
  #model;

  constructor(model, words) {
    this.#model = model;
    this.words = words;
  }

  get canvas() { return this.#model.canvas; }
  get zSize() { return this.#model.z; }
  get simd() { return this.#model.simd; }

  /** Draw. */
  sample(options = {}) { return collect(this.points(options)); }

  /** Go on with a drawing; what it returns begins with the strokes given. */
  complete(strokes, options = {}) { return [...strokes, ...collect(this.points({ ...options, strokes }), strokes.at(-1)?.at(-1))]; }

  /** The latent vector of a drawing: mu, and sigma. */
  encode(strokes) {
    this.#needsEncoder();
    return this.#model.encode([this.#rows(strokes, this.#model.maxPoints)])[0];
  }

  /** Drawings from one to another, both ends among them, each as the model would draw it. */
  interpolate(from, to, { steps = 9, temperature = 0.1, seed = 1, word } = {}) {
    const [a, b] = [from, to].map(end => (Array.isArray(end) ? this.encode(end).mu : end));
    return Array.from({ length: steps }, (_, step) => this.sample({ z: slerp(a, b, step / Math.max(1, steps - 1)), temperature, seed, word }));
  }

  /** A point at a time: {x, y, dx, dy, pen}, pen 'down' while the stroke goes on after the point, 'up' where it ends. */
  *points({ temperature = 0.4, seed = Math.floor(Math.random() * 2 ** 31), z = null, word, strokes = [], maxPoints = this.#model.maxPoints } = {}) {
    const model = this.#model, label = this.#label(word), noise = createRandom(seed);
    let begun, scale = 1, [x, y] = strokes.at(-1)?.at(-1) ?? [0, 0];
    if (strokes.length && !z) {
      const steps = guessBeginnings(model, this.#rows(strokes, Math.floor(model.maxPoints * SHARE_GIVEN)), { count: 1, seed, guesses: 24, label, best: true });
      let step = steps.next();
      while (!step.done) step = steps.next();
      begun = step.value.begun;
      [scale] = step.value.scales;
    } else {
      begun = model.begin(model.z ? z ?? normalVector(model.z, noise) : null, 1, label);
      if (strokes.length) this.#read(begun, this.#rows(strokes, Math.floor(model.maxPoints * SHARE_GIVEN)));
    }
    for (const { points: [{ dx, dy, pen }] } of model.draw(begun, { temperature, noises: [noise], maxPoints, goOn: true })) {
      if (pen === 2) return;
      const moved = { dx: dx * model.scale / scale, dy: dy * model.scale / scale };
      x += moved.dx;
      y += moved.dy;
      yield { x, y, ...moved, pen: pen === 1 ? 'up' : 'down' };
    }
  }

  #read(begun, rows) {
    for (let i = 0; i < rows.length; i += 3) {
      this.#model.advance(begun);
      begun.rows.set(rows.subarray(i, i + 3));
    }
  }

  /** Strokes as the model reads them: a line of few points, `most` at most. */
  #rows(strokes, most) {
    const lines = strokes.filter(line => line.length).map(line => resample(line, 1));
    for (let epsilon = TOLERANCE_PIXELS; epsilon < LARGEST_TOLERANCE_PIXELS; epsilon *= 1.3) {
      const rows = linesToRows(lines.map(line => simplify(line, epsilon)), 1 / this.#model.scale);
      if (rows.length && rows.length / 3 <= most) return rows;
    }
    throw new Error(lines.length ? `the drawing has more than ${most} points after simplification` : 'an empty drawing');
  }

  #label(word) {
    if (word === undefined || word === null) return -1;
    const label = this.words.indexOf(word);
    if (label < 0) throw new Error(`the model does not know the word ${word}`);
    return label;
  }

  #needsEncoder() { if (!this.#model.z) throw new Error('the model has no encoder: it was trained to draw alone'); }
}

/** Points -> strokes; `origin` is where the pen was: the first stroke begins with the first point. */
function collect(points, origin) {
  const strokes = [];
  let open = origin ? null : [[0, 0]];
  if (open) strokes.push(open);
  for (const { x, y, pen } of points) {
    if (!open) strokes.push(open = []);
    open.push([x, y]);
    if (pen === 'up') open = null;
  }
  return strokes;
}
