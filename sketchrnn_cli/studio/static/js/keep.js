// What is kept: drawings added to the user's data, files, and what the page remembers.
//
// The page is opened as http://127.0.0.1:PORT/#token=T, and sends X-Sketchrnn-Token: T with every request below.
//   GET  /api/state -> {models: [{name, words: [...] | null}], data: {name, count} | null, formats: ["gif", "webp"]}
//   GET  /models/NAME/hparams.json, /models/NAME/weights.safetensors
//   POST /api/drawings {id, drawing: [[xs, ys, times], ...], pressure: [[...], ...], by: ["hand" | "model", ...], word,
//        model, temperature, seed} -> {count}; the same id twice is one drawing
//   GET  /api/drawings?limit=300 -> {drawings: [{id, rows: [[dx, dy, pen], ...] in data units, word}], count}
//   POST /api/render {format, frames: "drawing" | "morph", sketches: [rows, ...]} -> the file's bytes
// In a page of one file <script type="application/json" id="sketchrnn-embedded"> holds {name, hparams, weights: base64}
// instead, and there is no server: no data, no GIF, no WebP.

const MEMORY_KEY = 'sketchrnn.studio', PENDING_PREFIX = 'sketchrnn.pending.';
const LONGEST_WAIT_S = 30, REPLAY_MS = 14;

/** An answer of the server that is no success. */
class Refusal extends Error {
  constructor(message, status) { super(message); this.status = status; }
}

/** The server, or what stands for it in a page of one file. */
export function openSource() {
  const embedded = document.getElementById('sketchrnn-embedded');
  return embedded ? embeddedSource(JSON.parse(embedded.textContent)) : servedSource(new URLSearchParams(location.hash.slice(1)).get('token') ?? '');
}

function embeddedSource({ name, hparams, weights }) {
  return {
    state: async () => ({ models: [{ name, words: hparams.words ?? null }], data: null, formats: [] }),
    model: async () => ({ sidecar: hparams, weights: Uint8Array.from(atob(weights), letter => letter.charCodeAt(0)).buffer }),
    drawings: async () => [],
  };
}

function servedSource(token) {
  const request = async (path, body) => {
    const headers = { 'X-Sketchrnn-Token': token };
    if (body) headers['Content-Type'] = 'application/json';
    const answer = await fetch(path, { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body), cache: 'no-store' });
    if (answer.ok) return answer;
    const said = await answer.json().catch(() => ({}));
    throw new Refusal(said.error ?? `the server answered ${answer.status}`, answer.status);
  };
  return {
    state: async () => (await request('/api/state')).json(),
    async model(name) {
      const folder = `/models/${encodeURIComponent(name)}`;
      const [sidecar, weights] = await Promise.all([request(`${folder}/hparams.json`), request(`${folder}/weights.safetensors`)]);
      return { sidecar: await sidecar.json(), weights: await weights.arrayBuffer() };
    },
    drawings: async limit => (await (await request(`/api/drawings?limit=${limit}`)).json()).drawings,
    add: async drawing => (await (await request('/api/drawings', drawing)).json()).count,
    render: async (format, frames, sketches) => (await request('/api/render', { format, frames, sketches })).blob(),
  };
}

/** A drawing as the server keeps it: as drawn, times from its first point on. */
export function toRecord(strokes, about) {
  let clock = 0;
  const origin = strokes.find(stroke => stroke.began)?.began ?? 0;
  const timesOf = stroke => {
    const start = Math.max(clock, stroke.began ? stroke.began - origin : 0);
    const times = stroke.points.map((point, i) => start + (stroke.began ? point[2] : i * REPLAY_MS));
    clock = times[times.length - 1] + REPLAY_MS;
    return times;
  };
  const tenth = value => Math.round(value * 10) / 10;
  return {
    id: newId(), ...about,
    drawing: strokes.map(stroke => [stroke.points.map(p => tenth(p[0])), stroke.points.map(p => tenth(p[1])), timesOf(stroke)]),
    pressure: strokes.map(stroke => stroke.points.map(p => Math.round((p[3] ?? 0.5) * 1000) / 1000)),
    by: strokes.map(stroke => stroke.by),
  };
}

const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');

/**
 * Sends drawings until the server has confirmed them. Each waits under a key of its own, so that two tabs, or a tab and
 * the one after it, never lose each other's; sent twice, it is one drawing by its id.
 */
export class Outbox {
  #waiting = new Map();                        // drawings by id: in storage, too, where there is one
  #waitSeconds = 1;
  #timer = 0;
  #sending = false;
  count = 0;

  /** @param {{add}} source @param {(outbox: Outbox) => void} onchange the counts are others now */
  constructor(source, count, onchange) {
    this.source = source;
    this.count = count;
    this.onchange = onchange;
    for (const key of storageKeys()) if (key.startsWith(PENDING_PREFIX)) this.#waiting.set(key.slice(PENDING_PREFIX.length), JSON.parse(localStorage.getItem(key)));
    this.send();
  }

  get waiting() { return this.#waiting.size; }

  /** @returns {Promise<string | null>} why it was not confirmed yet */
  async add(drawing) {
    this.#waiting.set(drawing.id, drawing);
    store(PENDING_PREFIX + drawing.id, JSON.stringify(drawing));
    this.onchange(this);
    return this.send();
  }

  /** Send all that wait; on failure again after 1, 2, 4 ... 30 seconds. */
  async send() {
    if (this.#sending) return null;
    this.#sending = true;
    clearTimeout(this.#timer);
    let reason = null;
    while (this.#waiting.size && reason === null) {
      const [id, drawing] = this.#waiting.entries().next().value;
      try {
        this.count = await this.source.add(drawing);
        this.#waitSeconds = 1;
      } catch (error) {
        reason = error.message;
        if (![400, 413, 422].includes(error.status)) {       // the server is away, or has another token since it was started again
          this.#timer = setTimeout(() => this.send(), this.#waitSeconds * 1000);
          this.#waitSeconds = Math.min(LONGEST_WAIT_S, this.#waitSeconds * 2);
          break;
        }
      }
      this.#waiting.delete(id);
      forget(PENDING_PREFIX + id);
      this.onchange(this);
    }
    this.#sending = false;
    this.onchange(this);
    return reason;
  }
}

/** Hand a file to the user. */
export function download(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** What the page remembered, or null. */
export function recall() {
  try { return JSON.parse(localStorage.getItem(MEMORY_KEY)); } catch { return null; }     // denied, or not ours
}

/** Remember a value; where storage is full or denied, nothing is remembered. */
export const remember = value => store(MEMORY_KEY, JSON.stringify(value));

function store(key, text) {
  try { localStorage.setItem(key, text); return true; } catch { return false; }
}

function forget(key) {
  try { localStorage.removeItem(key); return true; } catch { return false; }
}

function storageKeys() {
  try { return Object.keys(localStorage); } catch { return []; }
}
