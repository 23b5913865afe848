// Tensors from a safetensors file, and the matrix product that the model spends its time on: by a WebAssembly SIMD
// kernel (kernel.wat) where it loads, else in JavaScript.

const HEADER_LIMIT_BYTES = 1 << 24;

/** A float16 as a number, for each of its 65,536 bit patterns. */
const HALF = Float32Array.from({ length: 65536 }, (_, bits) => {
  const exponent = (bits >> 10) & 31, fraction = bits & 1023, sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
});

/**
 * Read a safetensors file of float16 and float32 tensors.
 * @param {ArrayBuffer} buffer the whole file
 * @returns {Object<string, {shape: number[], data: Float32Array}>} tensors by name
 * @throws {Error} a file that is cut short, or holds another type
 */
export function readSafetensors(buffer) {
  const headerBytes = buffer.byteLength < 8 ? Infinity : Number(new DataView(buffer).getBigUint64(0, true));
  if (headerBytes > Math.min(HEADER_LIMIT_BYTES, buffer.byteLength - 8)) throw new Error('the weights are no safetensors file');
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, headerBytes)));
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const size = shape.reduce((product, length) => product * length, 1), width = { F16: 2, F32: 4 }[dtype];
    if (!width) throw new Error(`tensor ${name} is ${dtype}; expected F16 or F32`);
    const [start, end] = offsets.map(offset => 8 + headerBytes + offset);
    if (end > buffer.byteLength || end - start !== size * width) throw new Error(`tensor ${name} is cut short`);
    const bytes = buffer.slice(start, end);
    tensors[name] = { shape, data: width === 4 ? new Float32Array(bytes) : Float32Array.from(new Uint16Array(bytes), bits => HALF[bits]) };
  }
  return tensors;
}

// kernel.wat, assembled.
const KERNEL = 'AGFzbQEAAAABCgFgBn9/f39/fwADBAMAAAAFAwEAAQcuBAZtZW1vcnkCAAltdWx0aXBseTEAAAltdWx0aXBseTIAAQltdWx0aXBseTMAAgrRCAPfAQICfwl7IAAgA0EEbGohBwNAIAL9AAQAIQ0gAv0ABBAhDiAC/QAEICEPIAL9AAQwIRAgACEGA0AgAf0ABAAhCSAB/QAEECEKIAH9AAQgIQsgAf0ABDAhDCAG/QkCACEIIA0gCCAJ/eYB/eQBIQ0gDiAIIAr95gH95AEhDiAPIAggC/3mAf3kASEPIBAgCCAM/eYB/eQBIRAgAUHAAGohASAGQQRqIgYgB0kNAAsgAiAN/QsEACACIA79CwQQIAIgD/0LBCAgAiAQ/QsEMCACQcAAaiECIARBAWsiBA0ACwvuAgIDfw17IAAgA0EIbGohByACIAVqIQgDQCAC/QAEACEOIAL9AAQQIQ8gAv0ABCAhECAC/QAEMCERIAj9AAQAIRIgCP0ABBAhEyAI/QAEICEUIAj9AAQwIRUgACEGA0AgAf0ABAAhCiAB/QAEECELIAH9AAQgIQwgAf0ABDAhDSAG/QkCACEJIA4gCSAK/eYB/eQBIQ4gDyAJIAv95gH95AEhDyAQIAkgDP3mAf3kASEQIBEgCSAN/eYB/eQBIREgBv0JAgQhCSASIAkgCv3mAf3kASESIBMgCSAL/eYB/eQBIRMgFCAJIAz95gH95AEhFCAVIAkgDf3mAf3kASEVIAFBwABqIQEgBkEIaiIGIAdJDQALIAIgDv0LBAAgAiAP/QsEECACIBD9CwQgIAIgEf0LBDAgCCAS/QsEACAIIBP9CwQQIAggFP0LBCAgCCAV/QsEMCACQcAAaiECIAhBwABqIQggBEEBayIEDQALC/0DAgR/EXsgACADQQxsaiEHIAIgBWohCCAIIAVqIQkDQCAC/QAEACEPIAL9AAQQIRAgAv0ABCAhESAC/QAEMCESIAj9AAQAIRMgCP0ABBAhFCAI/QAEICEVIAj9AAQwIRYgCf0ABAAhFyAJ/QAEECEYIAn9AAQgIRkgCf0ABDAhGiAAIQYDQCAB/QAEACELIAH9AAQQIQwgAf0ABCAhDSAB/QAEMCEOIAb9CQIAIQogDyAKIAv95gH95AEhDyAQIAogDP3mAf3kASEQIBEgCiAN/eYB/eQBIREgEiAKIA795gH95AEhEiAG/QkCBCEKIBMgCiAL/eYB/eQBIRMgFCAKIAz95gH95AEhFCAVIAogDf3mAf3kASEVIBYgCiAO/eYB/eQBIRYgBv0JAgghCiAXIAogC/3mAf3kASEXIBggCiAM/eYB/eQBIRggGSAKIA395gH95AEhGSAaIAogDv3mAf3kASEaIAFBwABqIQEgBkEMaiIGIAdJDQALIAIgD/0LBAAgAiAQ/QsEECACIBH9CwQgIAIgEv0LBDAgCCAT/QsEACAIIBT9CwQQIAggFf0LBCAgCCAW/QsEMCAJIBf9CwQAIAkgGP0LBBAgCSAZ/QsEICAJIBr9CwQwIAJBwABqIQIgCEHAAGohCCAJQcAAaiEJIARBAWsiBA0ACws=';
const WASM_PAGE_BYTES = 65536, PANEL = 16, ROWS_AT_ONCE = 3;

/**
 * Make what holds matrices and multiplies by them.
 * @param {boolean} plain do without WebAssembly
 * @returns {Promise<{simd: boolean, matrix: Function, multiply: Function}>}
 *   `matrix({shape: [inner, outer], data})` lays a tensor out; `multiply(m, x, y, batch)` adds x[b] m to y[b].
 */
export async function createBackend(plain = false) {
  if (!plain) {
    try {
      const bytes = Uint8Array.from(atob(KERNEL), letter => letter.charCodeAt(0));
      return simdBackend((await WebAssembly.instantiate(bytes)).instance.exports);
    } catch (error) {
      if (!(error instanceof WebAssembly.CompileError)) throw error;   // no SIMD, or a policy without 'wasm-unsafe-eval'
    }
  }
  return { simd: false, matrix: transposed, multiply: multiplyPlain };
}

function simdBackend(kernel) {
  let top = 0;
  const reserve = bytes => {
    const at = top, missing = (top += bytes) - kernel.memory.buffer.byteLength;
    if (missing > 0) kernel.memory.grow(Math.ceil(missing / WASM_PAGE_BYTES));
    return at;
  };
  const matrix = ({ shape: [inner, outer], data }) => {
    const panels = Math.ceil(outer / PANEL), width = panels * PANEL;
    const at = reserve(inner * width * 4), xAt = reserve(ROWS_AT_ONCE * inner * 4 + 15 & ~15), yAt = reserve(ROWS_AT_ONCE * width * 4);
    const w = new Float32Array(kernel.memory.buffer, at, inner * width);
    for (let panel = 0; panel < panels; panel++) {
      for (let k = 0; k < inner; k++) {
        const from = k * outer + PANEL * panel;
        w.set(data.subarray(from, from + Math.min(PANEL, outer - PANEL * panel)), (panel * inner + k) * PANEL);
      }
    }
    return { inner, outer, panels, at, xAt, yAt, buffer: null, xs: null, ys: null };
  };
  const multiply = (m, x, y, batch) => {
    const { inner, outer } = m, width = m.panels * PANEL;
    if (m.buffer !== kernel.memory.buffer) {                           // memory that has grown since is another buffer
      m.buffer = kernel.memory.buffer;
      m.xs = new Float32Array(m.buffer, m.xAt, ROWS_AT_ONCE * inner);
      m.ys = new Float32Array(m.buffer, m.yAt, ROWS_AT_ONCE * width);
    }
    const { xs, ys } = m;
    for (let b = 0; b < batch;) {
      const rows = Math.min(ROWS_AT_ONCE, batch - b);
      interleave(x, b * inner, xs, rows, inner);
      for (let r = 0; r < rows; r++) ys.set(y.subarray((b + r) * outer, (b + r + 1) * outer), r * width);
      (rows === 3 ? kernel.multiply3 : rows === 2 ? kernel.multiply2 : kernel.multiply1)(m.xAt, m.at, m.yAt, inner, m.panels, width * 4);
      for (let r = 0; r < rows; r++) y.set(ys.subarray(r * width, r * width + outer), (b + r) * outer);
      b += rows;
    }
  };
  return { simd: true, matrix, multiply };
}

/** x[row][k] -> to[k][row]. */
function interleave(x, at, to, rows, inner) {
  if (rows === 1) { to.set(x.subarray(at, at + inner)); return; }
  for (let r = 0; r < rows; r++) for (let k = 0, i = at + r * inner; k < inner; k++) to[k * rows + r] = x[i + k];
}

function transposed({ shape: [inner, outer], data }) {
  const w = new Float32Array(data.length);
  for (let k = 0; k < inner; k++) for (let j = 0; j < outer; j++) w[j * inner + k] = data[k * outer + j];
  return { inner, outer, w, xs: new Float32Array(ROWS_AT_ONCE * inner) };
}

// Sums are doubles: Math.fround at every step makes V8 two and a half times slower.
function multiplyPlain(m, x, y, batch) {
  let b = 0;
  for (; b + ROWS_AT_ONCE <= batch; b += ROWS_AT_ONCE) multiplyThreeRows(m, x, y, b);
  for (; b < batch; b++) multiplyOneRow(m, x, y, b);
}

function multiplyOneRow({ w, inner, outer }, x, y, b) {
  const from = b * inner, to = b * outer;
  let j = 0;
  for (; j + 4 <= outer; j += 4) {
    const w0 = j * inner, w1 = w0 + inner, w2 = w1 + inner, w3 = w2 + inner;
    let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (let k = 0; k < inner; k++) {
      const u = x[from + k];
      s0 += w[w0 + k] * u; s1 += w[w1 + k] * u; s2 += w[w2 + k] * u; s3 += w[w3 + k] * u;
    }
    y[to + j] += s0; y[to + j + 1] += s1; y[to + j + 2] += s2; y[to + j + 3] += s3;
  }
  for (; j < outer; j++) {
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += w[j * inner + k] * x[from + k];
    y[to + j] += sum;
  }
}

function multiplyThreeRows({ w, inner, outer, xs }, x, y, b) {
  interleave(x, b * inner, xs, 3, inner);
  const y0 = b * outer, y1 = y0 + outer, y2 = y1 + outer;
  let j = 0;
  for (; j + 2 <= outer; j += 2) {
    let i = j * inner, p0 = 0, p1 = 0, p2 = 0, q0 = 0, q1 = 0, q2 = 0;
    for (let k = 0; k < 3 * inner; k += 3, i++) {
      const u = w[i], v = w[i + inner], x0 = xs[k], x1 = xs[k + 1], x2 = xs[k + 2];
      p0 += u * x0; p1 += u * x1; p2 += u * x2; q0 += v * x0; q1 += v * x1; q2 += v * x2;
    }
    y[y0 + j] += p0; y[y1 + j] += p1; y[y2 + j] += p2; y[y0 + j + 1] += q0; y[y1 + j + 1] += q1; y[y2 + j + 1] += q2;
  }
  for (; j < outer; j++) {
    let s0 = 0, s1 = 0, s2 = 0;
    for (let k = 0, i = j * inner; k < 3 * inner; k += 3, i++) { s0 += w[i] * xs[k]; s1 += w[i] * xs[k + 1]; s2 += w[i] * xs[k + 2]; }
    y[y0 + j] += s0; y[y1 + j] += s1; y[y2 + j] += s2;
  }
}
