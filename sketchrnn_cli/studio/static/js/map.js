// Map: drawings laid out by the two principal axes of their latent vectors; what lies between them is drawn on the way.
import { SHEET, Tracer, centered, distance, fromRows, pointCount, toRows } from './strokes.js';
import { NIB, drawInk, drawLine, fitCanvas, wipe } from './ink.js';

const MOST = 300, FILLED_TO = 60, FILLED_TO_ON_PHONE = 28, FEWEST_POINTS = 8, BATCH = 12, ENCODED_AT_ONCE = 24;
const PICTURE = 0.064, PICTURE_ON_PHONE = 0.11, GAP = 1.85, SPREADING_ROUNDS = 80, EDGE = 0.93;
const TEMPERATURE = 0.1, FILL_TEMPERATURE = 0.3, SEED = 7, FILL_SEED = 12;
const NEARNESS = 0.02, SNAP_PIXELS = 24, KEY_STEP = 0.04;
const NIB_OF_PICTURE = 24, NIB_THERE = 10;

export class MapMode {
  #pictures = [];                              // {strokes, mu, at: [axis 1, axis 2], shown: [-1 to 1, -1 to 1]}
  #at = [0, 0];                                // -1 to 1
  #there = null;                               // strokes at #at
  #isBusy = false;
  #next = null;
  #key = '';

  /** @param {object} studio also `mapDrawings(limit)` -> [{strokes}], `mapKey()`, `toSheet(strokes)` */
  constructor(studio, { plane, pictures, there }) {
    this.studio = studio;
    this.plane = plane;
    this.canvas = pictures;
    this.thereCanvas = there;
    let touchedAt = null;
    plane.addEventListener('pointermove', event => { if (event.pointerType === 'mouse' || event.buttons) this.#look(event); });
    plane.addEventListener('pointerdown', event => {
      const again = touchedAt && Math.hypot(event.clientX - touchedAt[0], event.clientY - touchedAt[1]) < SNAP_PIXELS;
      touchedAt = [event.clientX, event.clientY];
      if (event.pointerType !== 'mouse' && again) this.#take();
      else this.#look(event);
    });
    plane.addEventListener('click', event => { if (event.pointerType === 'mouse') this.#take(); });
    plane.addEventListener('keydown', event => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (step) this.#see(this.#at.map((value, k) => Math.max(-1, Math.min(1, value + step[k] * KEY_STEP))));
      else if (event.key === 'Enter') this.#take();
      else return;
      event.preventDefault();
    });
    new ResizeObserver(() => this.fit()).observe(plane);
  }

  /** -1 to 1, across and down. */
  get place() { return this.#at; }
  /** The strokes that lie there, or null. */
  get there() { return this.#there?.strokes ?? null; }

  async open() {
    const { engine, say } = this.studio, key = this.studio.mapKey(), startedAt = performance.now();
    this.fit();
    if (!engine.model || key === this.#key) return;
    this.#key = key;
    this.#pictures = [];
    this.isPhone = this.plane.clientWidth < 700;
    try {
      const drawings = await this.#collect(), codes = await this.#encode(drawings);
      if (this.#key !== key || !codes) return;
      this.#layOut(drawings.map((strokes, i) => ({ strokes, mu: codes[i].mu })));
    } catch (error) { this.studio.fail(error.message); return; }
    this.milliseconds = performance.now() - startedAt;
    this.paint();
    await this.#see([0, 0]);
    say('Drawings near each other look alike. Move to see what lies between them; click to take one to the sheet.');
  }

  reset() { this.#key = ''; this.#pictures = []; }

  /** The user's drawings, filled up with the model's own where they are few. */
  async #collect() {
    const { engine: { model }, settings } = this.studio, known = await this.studio.mapDrawings(MOST);
    const drawings = known.map(({ rows, strokes }) => centered(strokes ?? fromRows(rows, model))).filter(strokes => strokes.length);
    const missing = (this.isPhone ? FILLED_TO_ON_PHONE : FILLED_TO) - drawings.length;
    if (missing <= 0) return drawings;
    const tracers = Array.from({ length: missing }, () => new Tracer(model, [SHEET / 2, SHEET / 2]));
    const request = { count: missing, temperature: FILL_TEMPERATURE, seed: FILL_SEED, batch: BATCH, label: settings.label };
    await this.studio.engine.draw(request, points => {
      for (let i = 0; i < points.length; i += 4) tracers[points[i]].add(points[i + 1], points[i + 2], points[i + 3]);
    });
    return [...drawings, ...tracers.map(tracer => tracer.strokes).filter(strokes => pointCount(strokes) > FEWEST_POINTS).map(strokes => centered(strokes))];
  }

  /** Encode, drawings of like length together. */
  async #encode(drawings) {
    const { engine } = this.studio, codes = [];
    const rows = drawings.map(strokes => toRows(strokes, engine.model, engine.model.maxPoints) ?? new Float32Array(3));
    const order = [...rows.keys()].sort((a, b) => rows[a].length - rows[b].length);
    for (let from = 0; from < order.length; from += ENCODED_AT_ONCE) {
      const some = order.slice(from, from + ENCODED_AT_ONCE), found = await engine.encode(some.map(i => rows[i]));
      if (!found) return null;
      some.forEach((i, n) => { codes[i] = found[n]; });
    }
    return codes;
  }

  #layOut(pictures) {
    const size = pictures[0].mu.length;
    this.mean = new Float32Array(size);
    for (const { mu } of pictures) mu.forEach((value, i) => { this.mean[i] += value / pictures.length; });
    const offsets = pictures.map(({ mu }) => mu.map((value, i) => value - this.mean[i]));
    this.axes = principalAxes(offsets, 2);
    const places = offsets.map(offset => this.axes.map(axis => dot(offset, axis)));
    this.reach = [0, 1].map(k => Math.max(1e-6, ...places.map(place => Math.abs(place[k]))) * 1.12);
    this.#pictures = pictures.map((picture, i) => ({ ...picture, at: places[i].map((value, k) => value / this.reach[k]), offset: offsets[i] }));
    const most = this.isPhone ? FILLED_TO_ON_PHONE : FILLED_TO;
    this.size = (this.isPhone ? PICTURE_ON_PHONE : PICTURE) * Math.min(1, Math.sqrt(most / pictures.length));
    this.#spread();
  }

  /** Push the pictures apart until none lies on another. */
  #spread() {
    const ratio = this.plane.clientHeight / this.plane.clientWidth, least = this.size * GAP;
    for (const picture of this.#pictures) picture.shown = [picture.at[0] * 0.92, picture.at[1] * 0.9];
    for (let round = 0; round < SPREADING_ROUNDS; round++) {
      for (const { shown: a } of this.#pictures) {
        for (const { shown: b } of this.#pictures) {
          if (a === b) continue;
          const dx = a[0] - b[0], dy = (a[1] - b[1]) * ratio, apart = Math.hypot(dx, dy) || 1e-3;
          if (apart >= least) continue;
          const push = (least - apart) / apart * 0.25;
          a[0] += dx * push; b[0] -= dx * push; a[1] += dy * push / ratio; b[1] -= dy * push / ratio;
        }
      }
    }
    for (const picture of this.#pictures) picture.shown = picture.shown.map(value => Math.max(-EDGE, Math.min(EDGE, value)));
  }

  #look(event) {
    const box = this.plane.getBoundingClientRect();
    this.#see([(event.clientX - box.left) / box.width * 2 - 1, (event.clientY - box.top) / box.height * 2 - 1]);
  }

  /** Show what lies at a place: a picture that is near, else a drawing by the model; the last place wins. */
  async #see(at) {
    if (!this.#pictures.length) return;
    this.#at = at;
    this.paint();
    const near = this.#near(at);
    if (near) { this.#show(near.strokes, true); this.#next = null; return; }
    if (this.#isBusy) { this.#next = at; return; }
    this.#isBusy = true;
    const { engine, settings } = this.studio, tracer = new Tracer(engine.model, [SHEET / 2, SHEET / 2]);
    const request = { count: 1, zs: this.#latent(at), temperature: TEMPERATURE, seed: SEED, label: settings.label };
    const result = await engine.draw(request, points => {
      for (let i = 0; i < points.length; i += 4) tracer.add(points[i + 1], points[i + 2], points[i + 3]);
    }).catch(error => { this.studio.fail(error.message); return { type: 'error' }; });
    this.#isBusy = false;
    if (result.type === 'done' && tracer.strokes.length && !this.#near(this.#at)) this.#show(centered(tracer.strokes), false);
    const next = this.#next;
    this.#next = null;
    if (next) await this.#see(next);
  }

  /** mean + the plane's point + what the nearest drawings have beside the plane. */
  #latent(at) {
    const z = this.mean.slice(), beside = new Float32Array(z.length);
    let total = 1e-9;
    for (const picture of this.#pictures) {
      const weight = Math.exp(-(distance(picture.at, at) ** 2) / NEARNESS);
      total += weight;
      for (let i = 0; i < z.length; i++) {
        const inPlane = picture.at[0] * this.reach[0] * this.axes[0][i] + picture.at[1] * this.reach[1] * this.axes[1][i];
        beside[i] += weight * (picture.offset[i] - inPlane);
      }
    }
    return z.map((value, i) => value + at[0] * this.reach[0] * this.axes[0][i] + at[1] * this.reach[1] * this.axes[1][i] + beside[i] / total);
  }

  #near([x, y]) {
    const { clientWidth, clientHeight } = this.plane;
    const away = ({ shown }) => Math.hypot((shown[0] - x) * clientWidth / 2, (shown[1] - y) * clientHeight / 2);
    return this.#pictures.filter(picture => away(picture) < SNAP_PIXELS).sort((a, b) => away(a) - away(b))[0];
  }

  #show(strokes, isPicture) {
    this.#there = { strokes, isPicture };
    this.#paintThere();
  }

  #take() { if (this.#there) this.studio.toSheet(this.#there.strokes); }

  fit() {
    if (!this.studio.isActive()) return;
    fitCanvas(this.canvas);
    fitCanvas(this.thereCanvas);
    this.paint();
    this.#paintThere();
  }

  paint() {
    if (!this.studio.isActive()) return;
    const g = this.canvas.getContext('2d'), height = SHEET * this.canvas.height / this.canvas.width, { ink, ghost } = this.studio.colors();
    const place = ([x, y]) => [SHEET / 2 * (1 + x), height / 2 * (1 + y)];
    wipe(g);
    for (const { strokes, shown } of this.#pictures) {
      g.save();
      g.translate(...place(shown));
      g.scale(this.size, this.size);
      g.translate(-SHEET / 2, -SHEET / 2);
      drawLine(g, strokes, ink, 0.85, NIB_OF_PICTURE);
      g.restore();
    }
    if (!this.#pictures.length) return;
    g.globalAlpha = 1;
    g.fillStyle = ghost;
    g.beginPath();
    g.arc(...place(this.#at), 5, 0, 2 * Math.PI);
    g.fill();
  }

  #paintThere() {
    const g = this.thereCanvas.getContext('2d'), { ink, ghost } = this.studio.colors();
    wipe(g);
    if (this.#there) drawInk(g, this.#there.strokes, this.#there.isPicture ? ink : ghost, NIB_THERE);
  }
}

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** The first principal axes of centered rows, by power iteration with deflation. */
function principalAxes(rows, count) {
  const axes = [];
  for (let k = 0; k < count; k++) {
    let axis = rows[0].map((_, i) => Math.sin(i * 12.9898 + k * 78.233));
    for (let round = 0; round < 60; round++) {
      for (const known of axes) { const share = dot(axis, known); axis = axis.map((value, i) => value - share * known[i]); }
      const next = new Float32Array(axis.length);
      for (const row of rows) { const share = dot(row, axis); row.forEach((value, i) => { next[i] += share * value; }); }
      const length = Math.sqrt(dot(next, next)) || 1;
      axis = next.map(value => value / length);
    }
    axes.push(axis);
  }
  return axes;
}
