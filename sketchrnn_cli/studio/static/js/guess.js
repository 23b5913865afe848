// Neither the size of a beginning nor the z it belongs to is known, and both matter. Guesses (a scale, a z) read the
// beginning as one batch and are scored by how well the model would have foretold it; the best few, drawn by lot, go on.
import { createRandom } from './arrays.js';

const SCALES = [1, 1.25, 0.85, 1.55, 1.95, 2.4];
const FEWEST = 6, MOST = 24;
const Z_STREAM = 5000, LOT_STREAM = 77;
export const SCALE_COUNT = SCALES.length;

/** How many guesses `budget` row-steps buy for a beginning of n rows. */
export const guessCount = (budget, n) => Math.max(FEWEST, Math.min(MOST, Math.floor(budget / n)));

/**
 * Read a beginning with several guesses; a generator that yields after each row, so that its caller can pause or stop.
 * @param {Model} model
 * @param {Float32Array} given the beginning, `[rows * 3]`
 * @param {{count: number, seed: number, guesses: number, label?: number, best?: boolean}} options `count` of
 *   `guesses` go on: drawn by lot, or the best
 * @returns {{begun: object, scales: number[]}} the drawings that go on, and the scale of each; best first. Of those
 *   drawn by lot, the guess at face value is always one.
 */
export function* guessBeginnings(model, given, { count, seed, guesses, label = -1, best = false }) {
  const n = given.length / 3, total = Math.max(count, guesses);
  const scaleOf = guess => SCALES[guess % SCALE_COUNT];
  const scaled = SCALES.map(scale => given.map((value, i) => (i % 3 === 2 ? value : value * scale)));
  const zs = model.z ? guessLatents(model, scaled, total, seed) : null;
  const begun = model.begin(zs, total, label), scores = new Float64Array(total);
  for (let row = 0; row < n; row++) {
    const out = model.advance(begun);
    for (let g = 0; g < total; g++) begun.rows.set(scaled[g % SCALE_COUNT].subarray(3 * row, 3 * row + 3), 3 * g);
    model.score(out, begun.rows, scores);
    yield;
  }
  // A density of scaled offsets is one of the offsets times s^2 a row. The likelihood is far too sure of itself: tempered.
  const patience = 12 + 0.6 * n;
  for (let g = 0; g < total; g++) {
    const log = Math.log(scaleOf(g));
    scores[g] = (scores[g] + 2 * n * log) / patience - 2 * log * log;
  }
  const lot = createRandom(seed, LOT_STREAM);
  const drawn = [...scores.keys()].map(g => ({ g, lot: best ? scores[g] : g ? scores[g] - Math.log(-Math.log(lot.uniform())) : Infinity }));
  const kept = drawn.sort((a, b) => b.lot - a.lot).slice(0, count).map(({ g }) => g).sort((a, b) => scores[b] - scores[a]);
  return { begun: model.keep(begun, kept), scales: kept.map(scaleOf) };
}

/** z of each guess: mu; then mu + sigma e; then 0.6 mu + 0.8 e; then e; dealt round the scales. */
function guessLatents(model, scaled, total, seed) {
  const codes = model.encode(scaled), zs = new Float32Array(total * model.z);
  for (let g = 0; g < total; g++) {
    const { mu, sigma } = codes[g % SCALE_COUNT], kind = Math.floor(g / SCALE_COUNT), noise = createRandom(seed, Z_STREAM + g);
    for (let i = 0; i < model.z; i++) {
      const e = noise.normal();
      zs[g * model.z + i] = kind === 0 ? mu[i] : kind === 1 ? mu[i] + sigma[i] * e : kind === 2 ? 0.6 * mu[i] + 0.8 * e : e;
    }
  }
  return zs;
}
