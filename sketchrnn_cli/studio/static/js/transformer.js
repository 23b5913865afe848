// The causal Transformer decoder (Vaswani et al. 2017, normalized first), a position at a time with keys and values kept.
// Position 0 is the condition v, the following ones are rows:
//
//   c_0 ... c_L = v C + c
//   x = c_0, or row R + r
//   for each layer l:  x += c_l;  q, k, u = norm(x) A;  x += softmax(rot(q) rot(k)' / sqrt(size)) u O + o
//                      x += gelu(norm(x) M + m) N + n
//   h = norm(x)
//
// rot turns the pair of numbers j and j + half of a head by position * 10000^(-2 j / size) (Su et al. 2021).
import { pickRows, repeated, tanh } from './arrays.js';
import { layerNorm } from './cells.js';

const EPSILON = 1e-5, BASE = 10000, ROW = 5;
const GELU_SCALE = Math.sqrt(2 / Math.PI), GELU_CUBE = 0.044715;

/** The seam of decoders: see RecurrentDecoder. */
export class TransformerDecoder {
  constructor(hparams, tensor, conditionSize, backend) {
    const inner = tensor.within('decoder'), width = hparams.dec_rnn_size, hidden = hparams.dec_mlp_size;
    this.width = width;
    this.heads = hparams.dec_heads;
    this.multiply = backend.multiply;
    const linear = (name, inputs, outputs) => ({
      matrix: inputs ? backend.matrix(inner(`${name}.kernel`, inputs, outputs)) : null, bias: inner(`${name}.bias`, outputs).data,
    });
    const norm = name => ({ gamma: inner(`${name}.gamma`, width).data, beta: inner(`${name}.beta`, width).data });
    this.input = linear('input', ROW, width);
    this.condition = linear('condition', conditionSize, (hparams.dec_layers + 1) * width);
    this.layers = Array.from({ length: hparams.dec_layers }, (_, number) => {
      const name = `layer_${number}`;
      return {
        attentionNorm: norm(`${name}.attention`), mlpNorm: norm(`${name}.mlp`),
        attention: { matrix: backend.matrix(inner(`${name}.attention.kernel`, width, 3 * width)), bias: new Float32Array(3 * width) },
        attentionOutput: linear(`${name}.attention.output`, width, width),
        mlp: linear(`${name}.mlp`, width, hidden), mlpOutput: linear(`${name}.mlp.output`, hidden, width),
      };
    });
    this.norm = norm('norm');
  }

  start(conditions, batch) {
    const { width, layers } = this, joined = this.#linear(this.condition, conditions, batch), parts = layers.length + 1;
    const part = index => {
      const out = new Float32Array(batch * width);
      for (let b = 0; b < batch; b++) out.set(joined.subarray((b * parts + index) * width, (b * parts + index + 1) * width), b * width);
      return out;
    };
    const state = { batch, position: 0, added: layers.map((_, l) => part(l + 1)), cache: layers.map(() => []), h: null };
    this.#run(state, part(0));
    return state;
  }

  step(state, rows) {
    const { batch } = state, inputs = new Float32Array(ROW * batch);
    for (let b = 0; b < batch; b++) {
      inputs[ROW * b] = rows[3 * b];
      inputs[ROW * b + 1] = rows[3 * b + 1];
      inputs[ROW * b + 2 + rows[3 * b + 2]] = 1;
    }
    this.#run(state, this.#linear(this.input, inputs, batch));
  }

  hidden(state) { return state.h; }

  keep(state, kept) {
    return {
      batch: kept.length, position: state.position, h: state.h && pickRows(state.h, this.width, kept),
      added: state.added.map(added => pickRows(added, this.width, kept)),
      cache: state.cache.map(positions => positions.map(({ keys, values }) => ({
        keys: pickRows(keys, this.width, kept), values: pickRows(values, this.width, kept),
      }))),
    };
  }

  /** Run the layers over a new position, x `[batch, width]`. */
  #run(state, x) {
    const { batch } = state, { width } = this;
    this.layers.forEach((layer, l) => {
      add(x, state.added[l]);
      const joined = this.#linear(layer.attention, this.#normalized(layer.attentionNorm, x, batch), batch);
      const [queries, keys, values] = [0, 1, 2].map(part => {
        const out = new Float32Array(batch * width);
        for (let b = 0; b < batch; b++) out.set(joined.subarray((3 * b + part) * width, (3 * b + part + 1) * width), b * width);
        return out;
      });
      this.#rotate(queries, state.position);
      this.#rotate(keys, state.position);
      state.cache[l].push({ keys, values });
      add(x, this.#linear(layer.attentionOutput, this.#attend(queries, state.cache[l], batch), batch));
      const hidden = this.#linear(layer.mlp, this.#normalized(layer.mlpNorm, x, batch), batch).map(gelu);
      add(x, this.#linear(layer.mlpOutput, hidden, batch));
    });
    state.position++;
    state.h = this.#normalized(this.norm, x, batch);
  }

  #attend(queries, positions, batch) {
    const { width, heads } = this, size = width / heads, scale = 1 / Math.sqrt(size);
    const mixed = new Float32Array(batch * width), weights = new Float64Array(positions.length);
    for (let at = 0; at < batch * width; at += size) {
      let top = -Infinity, sum = 0;
      positions.forEach(({ keys }, t) => {
        let score = 0;
        for (let j = at; j < at + size; j++) score += queries[j] * keys[j];
        top = Math.max(top, weights[t] = score * scale);
      });
      for (let t = 0; t < weights.length; t++) sum += weights[t] = Math.exp(weights[t] - top);
      positions.forEach(({ values }, t) => {
        const weight = weights[t] / sum;
        for (let j = at; j < at + size; j++) mixed[j] += weight * values[j];
      });
    }
    return mixed;
  }

  #rotate(x, position) {
    const size = this.width / this.heads, half = size / 2;
    for (let j = 0; j < half; j++) {
      const angle = position * BASE ** (-j / half), cos = Math.cos(angle), sin = Math.sin(angle);
      for (let at = j; at < x.length; at += size) {
        const first = x[at], second = x[at + half];
        x[at] = first * cos - second * sin;
        x[at + half] = first * sin + second * cos;
      }
    }
  }

  #linear({ matrix, bias }, x, batch) {
    const out = repeated(bias, batch);
    if (matrix) this.multiply(matrix, x, out, batch);
    return out;
  }

  #normalized({ gamma, beta }, x, batch) {
    const out = x.slice();
    for (let b = 0; b < batch; b++) layerNorm(out, b * this.width, this.width, gamma, beta, 0, EPSILON);
    return out;
  }
}

function add(x, more) { for (let i = 0; i < x.length; i++) x[i] += more[i]; }

const gelu = x => 0.5 * x * (1 + tanh(GELU_SCALE * (x + GELU_CUBE * x * x * x)));
