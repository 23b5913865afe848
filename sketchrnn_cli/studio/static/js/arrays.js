// Small things that every part of the model needs. Imports nothing.

export const sigmoid = x => 1 / (1 + Math.exp(-x));
export const tanh = x => 2 / (1 + Math.exp(-2 * x)) - 1;

/** Rows `from` to `to` of a matrix. */
export const rowsOf = ({ shape: [, width], data }, from, to) => ({ shape: [to - from, width], data: data.subarray(from * width, to * width) });

/** Two matrices side by side. */
export function columns(left, right) {
  const [rows, l] = left.shape, r = right.shape[1], data = new Float32Array(rows * (l + r));
  for (let i = 0; i < rows; i++) {
    data.set(left.data.subarray(i * l, (i + 1) * l), i * (l + r));
    data.set(right.data.subarray(i * r, (i + 1) * r), i * (l + r) + l);
  }
  return { shape: [rows, l + r], data };
}

/** The rows `kept` of an array of rows of `width`. */
export function pickRows(array, width, kept) {
  const out = new Float32Array(kept.length * width);
  kept.forEach((b, i) => out.set(array.subarray(b * width, (b + 1) * width), i * width));
  return out;
}

/** One vector, `batch` times. */
export function repeated(vector, batch) {
  const out = new Float32Array(batch * vector.length);
  for (let b = 0; b < batch; b++) out.set(vector, b * vector.length);
  return out;
}

/** A small, seedable generator of random numbers (sfc32): uniform in [0, 1), and normal by Box and Muller. */
export function createRandom(seed, stream = 0) {
  let a = seed | 0, b = stream | 0, c = 0x9e3779b9 | 0, d = 1;
  const uniform = () => {
    const t = (a + b | 0) + d | 0;
    d = d + 1 | 0; a = b ^ b >>> 9; b = c + (c << 3) | 0; c = (c << 21 | c >>> 11) + t | 0;
    return (t >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 16; i++) uniform();
  return { uniform, normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()) };
}
