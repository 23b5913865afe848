// How far the page's model is from what the NumPy engine computed, in Node and in a browser alike.
import { Model, openModel } from '../../sketchrnn_cli/studio/static/js/model.js';

const farthest = (a, b) => a.reduce((far, value, i) => Math.max(far, Math.abs(value - b[i]) || (value === b[i] ? 0 : value - b[i] || Infinity)), a.length === b.length ? 0 : Infinity);

/** Largest differences; of the log probability, a row.
 * @returns {Promise<{simd: boolean, outputs: number, scores: number, latents: number, scale: number}>} */
export async function compare(sidecar, weights, golden, plain) {
  const model = await openModel(sidecar, weights, { plain }), batch = golden.rows[0].length;
  let begun = model.begin(golden.z && new Float32Array(golden.z), batch, golden.label);
  const scores = new Float64Array(batch);
  let outputs = 0;
  golden.rows.forEach((rows, step) => {
    const out = model.advance(begun);
    outputs = Math.max(outputs, farthest([...out], golden.outputs[step].flat()));
    begun.rows.set(rows.flat());
    model.score(out, begun.rows, scores);
    if (step === 20) begun = model.keep(begun, [...Array(batch).keys()]);
  });
  let latents = 0;
  if (golden.drawings.length) {
    model.encode(golden.drawings.map(rows => new Float32Array(rows))).forEach(({ mu, sigma }, b) => {
      latents = Math.max(latents, farthest([...mu], golden.mu[b]), farthest([...sigma], golden.sigma[b]));
    });
  }
  return { simd: model.simd, outputs, scores: farthest([...scores], golden.scores) / golden.rows.length, latents, scale: model.scale };
}

/** The page's log density of one offset under one raw distribution `[pen, pi, mu x, mu y, log sigma x, log sigma y, rho]`. */
export function logDensity(raw, offset) {
  const totals = new Float64Array(1);
  const model = Object.assign(Object.create(Model.prototype), { mixtures: (raw.length - 3) / 6, outputBias: raw });
  model.score(new Float32Array(raw), new Float32Array([...offset, 0]), totals);
  return totals[0];
}
