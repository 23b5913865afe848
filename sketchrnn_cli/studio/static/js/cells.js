// The recurrent cells, one step at a time for a batch. Gates come in the order i, f, c, o. A cell says how long its
// states are (`sizes`, h first), which kernel its inputs meet (`kernel`, `bias`), and how a step changes the states.
import { sigmoid, tanh, columns, rowsOf } from './arrays.js';

const LAYER_NORM_EPSILON = 1e-3, FORGET_BIAS = 1;

const hardSigmoid = x => Math.min(1, Math.max(0, 0.2 * x + 0.5));      // Keras 2's

/**
 * Build a cell from its tensors.
 * @param {string} kind lstm, layer_norm or hyper
 * @param {(name: string, ...shape: number[]) => {shape: number[], data: Float32Array}} tensor reads one; -1 fits any length
 * @param {number} inputs length of an input
 * @param {number} units length of h
 * @param {{matrix: Function, multiply: Function}} backend
 * @param {string} gate sigmoid or hard_sigmoid
 */
export function createCell(kind, tensor, inputs, units, backend, gate) {
  const build = { lstm: lstmCell, layer_norm: layerNormCell, hyper: hyperCell }[kind];
  if (!build) throw new Error(`this page does not know the cell ${kind}`);
  return build(tensor, inputs, units, backend, gate === 'hard_sigmoid' ? hardSigmoid : sigmoid);
}

function lstmCell(tensor, inputs, units, backend, gate) {
  const recurrent = backend.matrix(tensor('recurrent_kernel', units, 4 * units));
  return {
    sizes: [units, units],
    kernel: tensor('kernel', inputs, 4 * units),
    bias: tensor('bias', 4 * units).data,
    step(gates, [h, c], batch) {
      backend.multiply(recurrent, h, gates, batch);
      lstmGates(gates, h, c, batch, units, gate);
    },
  };
}

function layerNormCell(tensor, inputs, units, backend) {
  const recurrent = backend.matrix(tensor('recurrent_kernel', units, 4 * units)), norm = readNorm(tensor, '', units);
  return {
    sizes: [units, units],
    kernel: tensor('kernel', inputs, 4 * units),
    bias: new Float32Array(4 * units),
    step(gates, [h, c], batch) {
      backend.multiply(recurrent, h, gates, batch);
      normalizedGates(gates, h, c, batch, units, norm);
    },
  };
}

/** A HyperLSTM (Ha, Dai & Le 2016): a small LSTM scales the gates of the large one at every step. */
function hyperCell(tensor, inputs, units, backend) {
  const inner = tensor('hyper.recurrent_kernel', -1, -1).shape[0], gates4 = 4 * units, inner4 = 4 * inner;
  const innerKernel = tensor('hyper.kernel', inputs + units, inner4);
  const innerNorm = tensor.has('hyper.gamma') ? readNorm(tensor, 'hyper.', inner) : null;
  const innerBias = tensor.has('hyper.bias') ? tensor('hyper.bias', inner4).data : new Float32Array(inner4);
  const fromH = backend.matrix(rowsOf(innerKernel, inputs, inputs + units));
  const innerRecurrent = backend.matrix(tensor('hyper.recurrent_kernel', inner, inner4));
  const recurrent = backend.matrix(tensor('recurrent_kernel', units, gates4)), norm = readNorm(tensor, '', units);
  const bias = tensor('bias', gates4).data, width = gates4 + inner4;
  const scales = Object.fromEntries(['input', 'recurrent', 'bias'].map(path => [path, hyperScale(path, tensor, inner, units, backend)]));
  return {
    sizes: [units, units, inner, inner],
    kernel: columns(tensor('kernel', inputs, gates4), rowsOf(innerKernel, 0, inputs)),
    bias: Float32Array.from({ length: width }, (_, j) => (j < gates4 ? 0 : innerBias[j - gates4])),
    step(projected, [h, c, innerH, innerC], batch) {
      const innerGates = new Float32Array(batch * inner4), gates = new Float32Array(batch * gates4);
      for (let b = 0; b < batch; b++) innerGates.set(projected.subarray(b * width + gates4, (b + 1) * width), b * inner4);
      backend.multiply(fromH, h, innerGates, batch);
      backend.multiply(innerRecurrent, innerH, innerGates, batch);
      if (innerNorm) normalizedGates(innerGates, innerH, innerC, batch, inner, innerNorm);
      else lstmGates(innerGates, innerH, innerC, batch, inner, sigmoid);
      backend.multiply(recurrent, h, gates, batch);
      const [byInput, byRecurrent, added] = ['input', 'recurrent', 'bias'].map(path => scales[path](innerH, batch));
      for (let b = 0; b < batch; b++) {
        for (let j = 0, i = b * gates4, p = b * width; j < gates4; j++, i++, p++) {
          gates[i] = projected[p] * byInput[i] + gates[i] * byRecurrent[i] + added[i] + bias[j];
        }
      }
      normalizedGates(gates, h, c, batch, units, norm);
    },
  };
}

/** The factors (for `bias`: the summands) of one path into the gates: `innerH [batch, inner]` -> `[batch, 4 units]`. */
function hyperScale(path, tensor, inner, units, backend) {
  const embed = tensor(`hyper.${path}.embedding`, inner, -1), size = embed.shape[1] / 4;
  const embedding = backend.matrix(embed);
  const embeddingBias = path === 'bias' ? null : tensor(`hyper.${path}.embedding_bias`, 4 * size).data;
  const { data } = tensor(`hyper.${path}.scale`, 4, size, units);
  const scale = [0, 1, 2, 3].map(gate => backend.matrix({ shape: [size, units], data: data.subarray(gate * size * units, (gate + 1) * size * units) }));
  return (innerH, batch) => {
    const embedded = new Float32Array(batch * 4 * size), out = new Float32Array(batch * 4 * units);
    if (embeddingBias) for (let b = 0; b < batch; b++) embedded.set(embeddingBias, b * 4 * size);
    backend.multiply(embedding, innerH, embedded, batch);
    for (let gate = 0; gate < 4; gate++) {
      const x = new Float32Array(batch * size), y = new Float32Array(batch * units);
      for (let b = 0; b < batch; b++) x.set(embedded.subarray((4 * b + gate) * size, (4 * b + gate + 1) * size), b * size);
      backend.multiply(scale[gate], x, y, batch);
      for (let b = 0; b < batch; b++) out.set(y.subarray(b * units, (b + 1) * units), (4 * b + gate) * units);
    }
    return out;
  };
}

function lstmGates(gates, h, c, batch, units, gate) {
  for (let b = 0; b < batch; b++) {
    const s = b * units, g = 4 * s;
    for (let j = 0; j < units; j++) {
      const cell = gate(gates[g + units + j]) * c[s + j] + gate(gates[g + j]) * tanh(gates[g + 2 * units + j]);
      c[s + j] = cell;
      h[s + j] = gate(gates[g + 3 * units + j]) * tanh(cell);
    }
  }
}

const readNorm = (tensor, prefix, units) => ({
  gamma: tensor(`${prefix}gamma`, 4 * units).data, beta: tensor(`${prefix}beta`, 4 * units).data,
  cellGamma: tensor(`${prefix}cell_gamma`, units).data, cellBeta: tensor(`${prefix}cell_beta`, units).data,
});

/** An LSTM whose four gates, and c before the output, are layer-normalized (Ba et al. 2016). */
function normalizedGates(gates, h, c, batch, units, { gamma, beta, cellGamma, cellBeta }) {
  const cell = new Float32Array(units);
  for (let b = 0; b < batch; b++) {
    const g = 4 * b * units, s = b * units;
    for (let gate = 0; gate < 4; gate++) {
      layerNorm(gates, g + gate * units, units, gamma, beta, gate * units, LAYER_NORM_EPSILON);
    }
    for (let j = 0; j < units; j++) {
      c[s + j] = sigmoid(gates[g + units + j] + FORGET_BIAS) * c[s + j] + sigmoid(gates[g + j]) * tanh(gates[g + 2 * units + j]);
    }
    cell.set(c.subarray(s, s + units));
    layerNorm(cell, 0, units, cellGamma, cellBeta, 0, LAYER_NORM_EPSILON);
    for (let j = 0; j < units; j++) h[s + j] = sigmoid(gates[g + 3 * units + j]) * tanh(cell[j]);
  }
}

/** Normalize x[at ... at + size] in place. */
export function layerNorm(x, at, size, gamma, beta, parametersAt, epsilon) {
  let mean = 0, variance = 0;
  for (let j = 0; j < size; j++) mean += x[at + j] / size;
  for (let j = 0; j < size; j++) variance += (x[at + j] - mean) ** 2 / size;
  const scale = 1 / Math.sqrt(variance + epsilon);
  for (let j = 0; j < size; j++) x[at + j] = gamma[parametersAt + j] * (x[at + j] - mean) * scale + beta[parametersAt + j];
}
