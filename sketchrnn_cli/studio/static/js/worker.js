// The model's own thread. It works in slices, then lets messages in; a job that is no longer current stops there.
//
// to the worker                                                        answer
// load {name, sidecar, weights, plain?}                                ready {scale, canvas, maxPoints, z, classes, simd, ms}
// draw {job, count, temperature, seed, label?, given?, zs?, common?, batch?, guesses?}
//                                     points {job, points: Float32Array of (index, dx, dy, pen)}: the first at once;
//                                     then done {job, ms, stops}, cancelled {job} or error {job, message}
// encode {job, drawings}              encoded {job, codes: [{mu, sigma}]}
// cancel                              nothing
import { createRandom } from './arrays.js';
import { normalVector, openModel } from './model.js';
import { guessBeginnings, guessCount } from './guess.js';

const SLICE_MS = 8, GUESS_MS = 50;
const BEGIN_STREAM = 1000;
let model = null, currentJob = 0, budget = 120;  // row-steps that GUESS_MS buy here

const turn = new MessageChannel(), turns = [];
turn.port1.onmessage = () => turns.shift()();
const nextTurn = () => new Promise(resolve => { turns.push(resolve); turn.port2.postMessage(0); });

self.onmessage = async ({ data }) => {
  try {
    if (data.type === 'load') await load(data);
    else if (data.type === 'cancel') currentJob = 0;
    else if (!model) throw new Error('no model is loaded');
    else if (data.type === 'encode') postMessage({ type: 'encoded', job: data.job, codes: model.encode(data.drawings) });
    else if (data.type === 'draw') await draw(data);
  } catch (error) {
    postMessage({ type: 'error', job: data.job, message: error.message });
  }
};

async function load({ sidecar, weights, plain }) {
  const started = performance.now();
  model = null;
  currentJob = 0;
  model = await openModel(sidecar, weights, { plain });
  budget = await warmUp(model);
  const { scale, canvas, maxPoints, z, classes, simd } = model;
  postMessage({ type: 'ready', scale, canvas, maxPoints, z, classes, simd, budget, ms: performance.now() - started });
}

/** Run everything on nonsense, so that the first pen-up meets compiled code; return what GUESS_MS buy. */
async function warmUp(model) {
  const given = new Float32Array(36).map((_, i) => (i % 3 === 2 ? Number(i % 9 === 8) : Math.sin(i)));
  let bought = 0;
  for (let round = 0; round < 2; round++) {
    const steps = guessBeginnings(model, given, { count: 6, seed: round, guesses: 12 });
    let step = steps.next();
    while (!step.done) step = steps.next();
    const started = performance.now();
    let rows = 0;
    const noises = [0, 1, 2, 3, 4, 5].map(stream => createRandom(round, stream));
    for (const { points } of model.draw(step.value.begun, { temperature: 0.4, noises, goOn: true })) if ((rows += points.length) > 120) break;
    bought = rows / (performance.now() - started) * GUESS_MS;
    await nextTurn();
  }
  return Math.max(60, Math.min(400, bought));
}

async function draw({ job, count, temperature, seed, label = -1, given, zs, common = false, batch = count, guesses }) {
  currentJob = job;
  const started = performance.now();
  let slice = started;
  const pause = async () => {                  // false: another job has come
    if (performance.now() - slice < SLICE_MS) return true;
    await nextTurn();
    slice = performance.now();
    return currentJob === job;
  };
  const cancelled = () => postMessage({ type: 'cancelled', job });
  let begun = null, scales = null, stops = 0, first = true;
  if (given?.length) {
    const n = given.length / 3;
    const steps = guessBeginnings(model, given, { count, seed, label, guesses: guesses ?? guessCount(budget, n) });
    let step = steps.next();
    while (!step.done) {
      if (!await pause()) return cancelled();
      step = steps.next();
    }
    ({ begun, scales } = step.value);
  }
  if (!zs && model.z && !begun) zs = joined(count, b => normalVector(model.z, createRandom(seed, BEGIN_STREAM + b)));
  for (let from = 0; from < count; from += batch) {
    const size = Math.min(batch, count - from);
    const noises = Array.from({ length: size }, (_, b) => createRandom(seed, common ? 0 : from + b));
    const some = begun ?? model.begin(zs?.subarray(from * model.z, (from + size) * model.z), size, label);
    let found = [], isFirstRow = true;
    const flush = () => {
      if (!found.length) return;
      const points = new Float32Array(found);
      found = []; first = false;
      postMessage({ type: 'points', job, points }, [points.buffer]);
    };
    const maxPoints = model.maxPoints - (given ? given.length / 3 : 0);
    for (const { ends, points } of model.draw(some, { temperature, noises, maxPoints, goOn: true })) {
      if (isFirstRow && begun) stops = ends;
      isFirstRow = false;
      for (const { index, dx, dy, pen } of points) {
        const scale = scales ? scales[index] : 1;
        found.push(from + index, dx / scale, dy / scale, pen);
      }
      if (first || performance.now() - slice >= SLICE_MS) flush();
      if (!await pause()) return cancelled();
    }
    flush();
  }
  postMessage({ type: 'done', job, ms: performance.now() - started, stops });
}

function joined(count, vector) {
  const all = Array.from({ length: count }, (_, b) => vector(b)), out = new Float32Array(count * all[0].length);
  all.forEach((one, b) => out.set(one, b * one.length));
  return out;
}
