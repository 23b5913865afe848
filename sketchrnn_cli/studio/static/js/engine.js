// The page's side of the worker: jobs as promises, points as callbacks. A worker that dies is started again once.

export class Engine {
  #worker = null;
  #jobs = new Map();
  #nextJob = 1;
  #loading = null;                             // {message, resolve, reject}
  #isRestarted = false;

  /** scale, canvas, maxPoints, z, classes, simd of the model that is loaded; null before. */
  model = null;

  /** @param {{plain?: boolean}} options plain: without WebAssembly */
  constructor({ plain = false } = {}) { this.plain = plain; }

  /**
   * Load a model; jobs of the one before fail.
   * @param {object} sidecar
   * @param {ArrayBuffer} weights kept here, for a worker that dies
   * @throws {Error} what the model lacks
   */
  async load(sidecar, weights) {
    this.model = null;
    this.#isRestarted = false;
    for (const { resolve } of this.#jobs.values()) resolve({ type: 'cancelled' });
    this.#jobs.clear();
    this.#stop('another model was opened');
    this.model = await this.#start({ sidecar, weights });
    return this.model;
  }

  /**
   * Draw; see worker.js for the options.
   * @param {(points: Float32Array) => void} onpoints gets (index, dx, dy, pen) of each row
   * @returns {Promise<{type: 'done' | 'cancelled', stops?: number, ms?: number}>} cancelled, too, when another model
   *   is opened meanwhile
   */
  draw(options, onpoints) { return this.#run({ type: 'draw', ...options }, onpoints); }

  /**
   * @param {Float32Array[]} drawings rows in model units
   * @returns {Promise<{mu: Float32Array, sigma: Float32Array}[] | null>} null when another model is opened meanwhile
   */
  async encode(drawings) { return (await this.#run({ type: 'encode', drawings })).codes ?? null; }

  cancel() { this.#worker?.postMessage({ type: 'cancel' }); }

  #start(message) {
    this.#worker = newWorker();
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onerror = event => { event.preventDefault(); this.#died(event.message || 'the worker stopped'); };
    return new Promise((resolve, reject) => {
      this.#loading = { message, resolve, reject };
      this.#worker.postMessage({ type: 'load', plain: this.plain, ...message });
    });
  }

  #stop(reason) {
    this.#worker?.terminate();
    this.#worker = null;
    for (const { reject } of this.#jobs.values()) reject(new Error(reason));
    this.#jobs.clear();
    this.#loading?.reject(new Error(reason));
  }

  async #died(reason) {
    const { message } = this.#loading, asked = [...this.#jobs.entries()];
    if (this.#isRestarted) { this.#stop(reason); return; }
    this.#isRestarted = true;
    this.#worker.terminate();
    const { resolve, reject } = this.#loading;
    try {
      resolve(await this.#start(message));
      for (const [job, { request }] of asked) this.#worker.postMessage({ ...request, job });
    } catch (error) { reject(error); }
  }

  #receive(data) {
    if (data.type === 'ready') { this.#loading.resolve(data); return; }
    if (data.type === 'error' && data.job === undefined) { this.#loading.reject(new Error(data.message)); return; }
    const job = this.#jobs.get(data.job);
    if (!job) return;
    if (data.type === 'points') { job.onpoints?.(data.points); return; }
    this.#jobs.delete(data.job);
    if (data.type === 'error') job.reject(new Error(data.message));
    else job.resolve(data);
  }

  #run(request, onpoints) {
    if (!this.#worker) return Promise.reject(new Error('no model is loaded'));
    const job = this.#nextJob++;
    return new Promise((resolve, reject) => {
      this.#jobs.set(job, { request, resolve, reject, onpoints });
      this.#worker.postMessage({ ...request, job });
    });
  }
}

/** The worker's file; in a page of one file, its joined source from <script type="text/plain" id="sketchrnn-worker">. */
function newWorker() {
  const source = document.getElementById('sketchrnn-worker');
  if (!source) return new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'sketchrnn' });
  return new Worker(URL.createObjectURL(new Blob([source.textContent], { type: 'text/javascript' })), { name: 'sketchrnn' });
}
