// Sketch-RNN (Ha & Eck 2017, arXiv 1704.03477) in the browser: encoder, decoder and mixture of Gaussians, equal to the
// NumPy engine to 1e-4 over 50 steps. No DOM: it runs in a page, in a worker and in Node.
//
// A row is (dx, dy, pen) in model units; pen 0 is down, 1 lifts after the point, 2 ends the drawing. Rows of a batch
// lie one after another in a Float32Array.
import { tanh, rowsOf, pickRows, repeated } from './arrays.js';
import { createBackend, readSafetensors } from './matrix.js';
import { createCell } from './cells.js';
import { TransformerDecoder } from './transformer.js';

const INPUT_SIZE = 5, PEN_DOWN = 0, PEN_END = 2;
const RHO_RAW_LIMIT = 16;                      // 1 - rho^2 is 5e-14 there
export const LOG_DENSITY_FLOOR = -27.6;        // nats: one impossible row does not decide alone

/**
 * Open a checkpoint.
 * @param {object} sidecar the parsed hparams.json
 * @param {ArrayBuffer} weights the bytes of weights.safetensors
 * @param {{plain?: boolean}} options plain: without WebAssembly
 * @returns {Promise<Model>}
 */
export async function openModel(sidecar, weights, { plain = false } = {}) {
  return new Model(sidecar, readSafetensors(weights), await createBackend(plain));
}

/** What is fed to a cell at each step: a row through the first five rows of the kernel, and what stays the same. */
class Inputs {
  constructor(cell, backend) {
    const { shape: [inputs, width], data } = cell.kernel;
    this.width = width;
    this.rowKernel = data.slice(0, INPUT_SIZE * width);
    this.bias = cell.bias;
    this.condition = inputs > INPUT_SIZE ? backend.matrix(rowsOf(cell.kernel, INPUT_SIZE, inputs)) : null;
    this.multiply = backend.multiply;
  }

  /** What bias and conditions `[batch, condition]` add at every step. */
  constant(conditions, batch) {
    const out = repeated(this.bias, batch);
    if (this.condition) this.multiply(this.condition, conditions, out, batch);
    return out;
  }

  /** constant + row x kernel, into `gates`. */
  project(rows, constant, gates, batch) {
    const { rowKernel: kernel, width } = this;
    for (let b = 0; b < batch; b++) {
      const x = rows[3 * b], y = rows[3 * b + 1], pen = (2 + rows[3 * b + 2]) * width;
      for (let j = 0, i = b * width; j < width; j++, i++) gates[i] = constant[i] + x * kernel[j] + y * kernel[width + j] + kernel[pen + j];
    }
  }
}

/**
 * The seam between a decoder and all else: `start(conditions, batch)` makes the state of `batch` drawings before their
 * first row, `step(state, rows)` feeds each a row, `hidden(state)` is what the output layer sees, `keep(state, kept)`
 * is the state of some of them (an index may come twice).
 */
class RecurrentDecoder {
  constructor(hparams, tensor, conditionSize, backend) {
    const inner = tensor.within('decoder');
    this.cell = createCell(hparams.dec_model, inner, INPUT_SIZE + conditionSize, hparams.dec_rnn_size, backend, hparams.gate_activation);
    this.inputs = new Inputs(this.cell, backend);
    this.backend = backend;
    this.squash = Boolean(hparams.squash_z);
    if (inner.has('first_state.kernel')) {
      const length = this.cell.sizes.reduce((sum, size) => sum + size, 0);
      this.first = backend.matrix(inner('first_state.kernel', conditionSize, length));
      this.firstBias = inner('first_state.bias', length).data;
    }
  }

  start(conditions, batch) {
    const { cell, inputs } = this, constant = inputs.constant(conditions, batch);
    const parts = cell.sizes.map(size => new Float32Array(batch * size));
    if (this.first) {
      const first = repeated(this.firstBias, batch), length = this.firstBias.length;
      this.backend.multiply(this.first, this.squash ? conditions.map(tanh) : conditions, first, batch);
      // h of every part, then c of every part: parts 0 and 2 of a hyper cell are its h, 1 and 3 its c.
      const order = [...parts.keys()].sort((p, q) => p % 2 - q % 2);
      for (let b = 0; b < batch; b++) {
        let at = b * length;
        for (const part of order) for (let j = 0, size = cell.sizes[part]; j < size; j++) parts[part][b * size + j] = tanh(first[at++]);
      }
    }
    return { batch, parts, constant, gates: new Float32Array(batch * inputs.width) };
  }

  step(state, rows) {
    this.inputs.project(rows, state.constant, state.gates, state.batch);
    this.cell.step(state.gates, state.parts, state.batch);
  }

  hidden(state) { return state.parts[0]; }

  keep(state, kept) {
    const { width } = this.inputs;
    return {
      batch: kept.length, parts: state.parts.map((part, i) => pickRows(part, this.cell.sizes[i], kept)),
      constant: pickRows(state.constant, width, kept), gates: new Float32Array(kept.length * width),
    };
  }
}

/** One direction of the encoder. */
class EncoderDirection {
  constructor(hparams, tensor, backend) {
    this.cell = createCell(hparams.enc_model, tensor, INPUT_SIZE, hparams.enc_rnn_size, backend, hparams.gate_activation);
    this.inputs = new Inputs(this.cell, backend);
  }

  /** h after each sequence's last row, `[batch, units]`: `rowAt(b, time)` is the index of a row in sequence b, or -1. */
  lastStates(sequences, lengths, rowAt) {
    const batch = sequences.length, units = this.cell.sizes[0], { width } = this.inputs;
    const parts = this.cell.sizes.map(size => new Float32Array(batch * size)), last = new Float32Array(batch * units);
    const constant = this.inputs.constant(null, batch), gates = new Float32Array(batch * width), rows = new Float32Array(3 * batch);
    for (let time = 0; time < Math.max(...lengths); time++) {
      sequences.forEach((sequence, b) => {
        const i = rowAt(b, time);
        rows.set(i < 0 ? [0, 0, PEN_END] : sequence.subarray(3 * i, 3 * i + 3), 3 * b);
      });
      this.inputs.project(rows, constant, gates, batch);
      this.cell.step(gates, parts, batch);
      lengths.forEach((length, b) => { if (length === time + 1) last.set(parts[0].subarray(b * units, (b + 1) * units), b * units); });
    }
    return last;
  }
}

/** Read tensors by name and check their shapes; -1 fits any length. */
function tensorReader(tensors, prefix = '') {
  const read = (name, ...shape) => {
    const found = tensors[prefix + name];
    if (!found) throw new Error(`no tensor ${prefix}${name}`);
    if (found.shape.length !== shape.length || shape.some((length, i) => length !== -1 && length !== found.shape[i])) {
      throw new Error(`tensor ${prefix}${name} is ${found.shape.join(' by ')}; expected ${shape.join(' by ')}`);
    }
    return found;
  };
  read.has = name => prefix + name in tensors;
  read.within = name => tensorReader(tensors, `${prefix}${name}.`);
  return read;
}

/** A model ready to encode and to draw. */
export class Model {
  constructor(sidecar, tensors, backend) {
    const hparams = sidecar.hyperparameters, tensor = tensorReader(tensors);
    if (!hparams || !(sidecar.scale_factor > 0)) throw new Error('hparams.json is not of a checkpoint');
    this.backend = backend;
    this.simd = backend.simd;
    this.scale = sidecar.scale_factor / (hparams.pixel_factor ?? 1);     // data units in a model unit
    this.canvas = sidecar.canvas_size ?? 255;                            // data units
    this.maxPoints = hparams.max_seq_len;
    this.mixtures = hparams.num_mixture;
    this.z = hparams.conditional ? hparams.z_size : 0;
    this.classSize = hparams.num_classes ? hparams.class_size : 0;
    this.classes = hparams.num_classes ?? 0;
    this.classEmbedding = this.classSize ? tensor('classes.table', this.classes + 1, this.classSize).data : null;
    const Decoder = hparams.dec_model === 'transformer' ? TransformerDecoder : RecurrentDecoder;
    this.decoder = new Decoder(hparams, tensor, this.z + this.classSize, backend);
    const output = tensor('output.kernel', -1, -1);
    this.output = backend.matrix(output);
    this.outputBias = tensor('output.bias', output.shape[1]).data;
    if (this.z) {
      const encoded = 2 * hparams.enc_rnn_size;
      this.maskEncoder = hparams.mask_encoder ?? true;
      this.encoder = ['forward', 'backward'].map(way => new EncoderDirection(hparams, tensor.within(`encoder.${way}`), backend));
      this.latent = ['mu', 'sigma'].map(name => ({
        kernel: backend.matrix(tensor(`latent.${name}.kernel`, encoded, this.z)), bias: tensor(`latent.${name}.bias`, this.z).data,
      }));
    }
  }

  /**
   * Return mu and sigma of drawings (equations 1 and 2).
   * @param {Float32Array[]} drawings each `[rows * 3]`
   * @returns {{mu: Float32Array, sigma: Float32Array}[]}
   */
  encode(drawings) {
    const batch = drawings.length, units = this.encoder[0].cell.sizes[0];
    const own = drawings.map(rows => Math.min(rows.length / 3, this.maskEncoder ? Infinity : this.maxPoints));
    const lengths = own.map(length => (this.maskEncoder ? length : this.maxPoints));
    const inside = (b, i) => (i < own[b] ? i : -1);
    const ways = [
      this.encoder[0].lastStates(drawings, lengths, (b, time) => inside(b, time)),
      this.encoder[1].lastStates(drawings, lengths, (b, time) => inside(b, Math.max(0, lengths[b] - 1 - time))),
    ];
    const both = new Float32Array(batch * 2 * units);
    ways.forEach((last, way) => { for (let b = 0; b < batch; b++) both.set(last.subarray(b * units, (b + 1) * units), (2 * b + way) * units); });
    const [mus, sigmas] = this.latent.map(({ kernel, bias }) => {
      const out = repeated(bias, batch);
      this.backend.multiply(kernel, both, out, batch);
      return out;
    });
    return drawings.map((_, b) => ({
      mu: mus.slice(b * this.z, (b + 1) * this.z),
      sigma: sigmas.slice(b * this.z, (b + 1) * this.z).map(raw => Math.exp(0.5 * raw)),
    }));
  }

  /**
   * What the decoder is told of each drawing: z, then the class's embedding.
   * @param {Float32Array | null} zs `[batch * z]`
   * @param {number} label a class, or -1 for any
   */
  conditions(zs, batch, label = -1) {
    const size = this.z + this.classSize, out = new Float32Array(batch * size);
    for (let b = 0; b < batch; b++) {
      if (this.z) out.set(zs.subarray(b * this.z, (b + 1) * this.z), b * size);
      if (this.classSize) out.set(this.classEmbedding.subarray((label + 1) * this.classSize, (label + 2) * this.classSize), b * size + this.z);
    }
    return out;
  }

  /** `batch` drawings before their first row: a state, and the rows to feed next. */
  begin(zs, batch, label = -1) {
    return { state: this.decoder.start(this.conditions(zs, batch, label), batch), rows: new Float32Array(3 * batch) };
  }

  /** The raw distributions of the next rows, `[batch, outputs]`, after one step. */
  advance({ state, rows }) {
    this.decoder.step(state, rows);
    const out = repeated(this.outputBias, state.batch);
    this.backend.multiply(this.output, this.decoder.hidden(state), out, state.batch);
    return out;
  }

  /** Some of the drawings of `begin`, an index perhaps twice. */
  keep({ state, rows }, kept) {
    return { state: this.decoder.keep(state, kept), rows: pickRows(rows, 3, kept) };
  }

  /** Sample the row of drawing b from raw distributions into `rows` (equation 8); temperature 0 takes the likeliest. */
  sample(out, b, temperature, noise, rows) {
    const M = this.mixtures, at = b * this.outputBias.length, mixture = at + 3;
    const pen = chooseOne(out, at, 3, temperature, noise.uniform());
    const m = mixture + chooseOne(out, mixture, M, temperature, noise.uniform());
    const n1 = noise.normal(), n2 = noise.normal(), spread = Math.sqrt(temperature), rho = tanh(out[m + 5 * M]);
    const end = pen === PEN_END;
    rows[3 * b] = end ? 0 : out[m + M] + spread * Math.exp(out[m + 3 * M]) * n1;
    rows[3 * b + 1] = end ? 0 : out[m + 2 * M] + spread * Math.exp(out[m + 4 * M]) * (rho * n1 + Math.sqrt(1 - rho * rho) * n2);
    rows[3 * b + 2] = pen;
    return pen;
  }

  /** The probability that drawing b ends at once. */
  endProbability(out, b) {
    const at = b * this.outputBias.length;
    return 1 / (1 + Math.exp(out[at] - out[at + 2]) + Math.exp(out[at + 1] - out[at + 2]));
  }

  /** Take the end out of a distribution. */
  forbidEnd(out, b) { out[b * this.outputBias.length + 2] = -1e4; }

  /**
   * Add to `totals` the log probability of each row (equation 9), its offset's floored at LOG_DENSITY_FLOOR.
   * With r the raw correlation, 1 - rho^2 = 1 / cosh^2 r: nothing cancels as rho nears 1.
   */
  score(out, rows, totals) {
    const M = this.mixtures, logs = new Float64Array(M);
    for (let b = 0; b < totals.length; b++) {
      const at = b * this.outputBias.length, x = rows[3 * b], y = rows[3 * b + 1];
      const pen = out[at + rows[3 * b + 2]] - logSumExp(out, at, 3);
      for (let m = 0; m < M; m++) {
        const p = at + 3 + m, r = Math.max(-RHO_RAW_LIMIT, Math.min(RHO_RAW_LIMIT, out[p + 5 * M])), size = Math.abs(r);
        const zx = (x - out[p + M]) * Math.exp(-out[p + 3 * M]), zy = (y - out[p + 2 * M]) * Math.exp(-out[p + 4 * M]);
        const logCosh = size + Math.log1p(Math.exp(-2 * size)) - Math.LN2, across = (zx - Math.tanh(r) * zy) * Math.exp(logCosh);
        logs[m] = out[p] + logCosh - 0.5 * (across * across + zy * zy) - out[p + 3 * M] - out[p + 4 * M];
      }
      const offset = logSumExp(logs, 0, M) - logSumExp(out, at + 3, M) - Math.log(2 * Math.PI);
      totals[b] += pen + Math.max(LOG_DENSITY_FLOOR, offset);
    }
  }

  /**
   * Draw, a row at a time, all drawings of `begun` that still go on.
   * @param {{state, rows}} begun from `begin`, perhaps after `advance`s
   * @param {object} options
   * @param {number} options.temperature
   * @param {{uniform, normal}[]} options.noises a generator for each drawing
   * @param {number} [options.maxPoints] rows from here on
   * @param {boolean} [options.goOn] no drawing ends before its first row
   * @yields {{ends: number, points: {index: number, dx: number, dy: number, pen: number}[]}} `ends`: the mean
   *   probability of an end
   */
  *draw(begun, { temperature, noises, maxPoints = this.maxPoints, goOn = false }) {
    let kept = [...noises.keys()];
    for (let time = 0; time < maxPoints && kept.length; time++) {
      const out = this.advance(begun), points = [], going = [];
      let ends = 0;
      for (let b = 0; b < kept.length; b++) {
        ends += this.endProbability(out, b) / kept.length;
        if (goOn && time === 0) this.forbidEnd(out, b);
        const pen = this.sample(out, b, temperature, noises[kept[b]], begun.rows);
        points.push({ index: kept[b], dx: begun.rows[3 * b], dy: begun.rows[3 * b + 1], pen });
        if (pen !== PEN_END) going.push(b);
      }
      yield { ends, points };
      if (going.length < kept.length) {
        begun = this.keep(begun, going);
        kept = going.map(b => kept[b]);
      }
    }
  }
}

/** Pick from softmax(logits / temperature). */
function chooseOne(logits, start, count, temperature, uniform) {
  let best = start;
  for (let i = start; i < start + count; i++) if (logits[i] > logits[best]) best = i;
  if (temperature <= 0) return best - start;
  const weight = i => Math.exp((logits[i] - logits[best]) / temperature);
  let left = 0;
  for (let i = start; i < start + count; i++) left += weight(i);
  left *= uniform;
  for (let i = start; i < start + count; i++) if ((left -= weight(i)) < 0) return i - start;
  return best - start;
}

function logSumExp(values, start, count) {
  let top = -Infinity, sum = 0;
  for (let i = start; i < start + count; i++) top = Math.max(top, values[i]);
  for (let i = start; i < start + count; i++) sum += Math.exp(values[i] - top);
  return top + Math.log(sum);
}

/** The vector at `t`, 0 to 1, on the great arc between two; its length changes evenly. */
export function slerp(a, b, t) {
  const product = (p, q) => p.reduce((sum, value, i) => sum + value * q[i], 0);
  const la = Math.sqrt(product(a, a)), lb = Math.sqrt(product(b, b));
  const omega = Math.acos(Math.max(-1, Math.min(1, product(a, b) / (la * lb || 1)))), sine = Math.sin(omega);
  if (sine < 1e-6) return a.map((value, i) => (1 - t) * value + t * b[i]);
  const length = (1 - t) * la + t * lb, wa = length * Math.sin((1 - t) * omega) / sine / la, wb = length * Math.sin(t * omega) / sine / lb;
  return a.map((value, i) => wa * value + wb * b[i]);
}

/** A latent vector from N(0, I), or null where the model has none. */
export const normalVector = (size, noise) => Float32Array.from({ length: size }, () => noise.normal());
