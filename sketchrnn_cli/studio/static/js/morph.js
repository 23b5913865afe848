// Morph: two drawings, and every drawing between them. Both are encoded, the arc between their mu is walked in 33 steps,
// all drawn from one stream of chance, coarse to fine, so that the slider answers at once.
import { SHEET, Tracer, centered, toPictureRows, toRows } from './strokes.js';
import { NIB, drawInk, drawLine, fitCanvas, wipe } from './ink.js';
import { listenToPen } from './pen.js';
import { slerp } from './model.js';
import { randomSeed } from './draw.js';

const STEPS = 33, FILM = 9, BATCH = 6, TEMPERATURE = 0.1, FRESH_TEMPERATURE = 0.25, SEED = 7;
const NEIGHBOR = 3, NEIGHBOR_ALPHA = 0.1, PLAY_MS = 4000;
const NIB_OF_END = 9, NIB_OF_FILM = 22, SHARE_GIVEN = 1;

export class MorphMode {
  ends = { a: null, b: null };                 // {strokes, isByHand, sheet, live, ink}
  #frames = [];                                // by step; not all are there at once
  #ticket = 0;
  #playing = 0;
  #source = null;                              // the sheet's strokes that A shows
  /** How long all steps took; 0 while they are drawn. */
  milliseconds = 0;

  /** @param {object} studio also `sheetStrokes()`, and `toSheet(strokes)` */
  constructor(studio, { between, slider, film, ends }) {
    this.studio = studio;
    this.between = between;
    this.slider = slider;
    this.film = Array.from({ length: FILM }, () => film.appendChild(document.createElement('canvas')));
    slider.max = STEPS - 1;
    slider.addEventListener('input', () => { this.stop(); this.paint(); });
    for (const [name, { sheet, ink, live, another }] of Object.entries(ends)) {
      const end = this.ends[name] = { sheet, ink, live, strokes: [], isByHand: false };
      another.addEventListener('click', () => this.#another(end));
      listenToPen(sheet, {
        down: () => {
          if (!end.isByHand) Object.assign(end, { strokes: [], isByHand: true });
          this.paint();
          return true;
        },
        move: stroke => { wipe(live.getContext('2d')); drawInk(live.getContext('2d'), [stroke], this.studio.colors().ink, NIB_OF_END); },
        up: stroke => {
          wipe(live.getContext('2d'));
          if (!stroke) return;
          end.strokes = [...end.strokes, stroke];
          this.paint();
          this.#walk();
        },
      });
    }
    new ResizeObserver(() => this.fit()).observe(between);
  }

  /** The drawing in the middle. */
  get strokes() { return this.#nearest(Number(this.slider.value)); }

  async open() {
    const { a, b } = this.ends, strokes = this.studio.sheetStrokes();
    if (strokes.length && strokes !== this.#source) {
      Object.assign(a, { strokes: centered(strokes), isByHand: true });
      this.#source = strokes;
    }
    this.fit();
    try {
      for (const end of [a, b]) if (!end.strokes.length) await this.#draw(end);
    } catch (error) { this.studio.fail(error.message); return; }
    await this.#walk();
  }

  /** Another model: what it drew is not of this one. */
  reset() {
    for (const end of Object.values(this.ends)) if (!end.isByHand) end.strokes = [];
    this.#frames = [];
  }

  async #another(end) {
    end.isByHand = false;
    try { await this.#draw(end); } catch (error) { this.studio.fail(error.message); return; }
    await this.#walk();
  }

  async #draw(end) {
    const { engine, settings } = this.studio;
    if (!engine.model) return;
    const tracer = new Tracer(engine.model, [SHEET / 2, SHEET / 2]);
    await engine.draw({ count: 1, temperature: FRESH_TEMPERATURE, seed: randomSeed(), label: settings.label }, points => {
      for (let i = 0; i < points.length; i += 4) tracer.add(points[i + 1], points[i + 2], points[i + 3]);
    });
    end.strokes = centered(tracer.strokes);
    this.paint();
  }

  async #walk() {
    const { engine, settings, say } = this.studio, { model } = engine, ticket = ++this.#ticket, startedAt = performance.now();
    this.milliseconds = 0;
    engine.cancel();
    const given = Object.values(this.ends).map(end => model && toRows(end.strokes, model, Math.floor(model.maxPoints * SHARE_GIVEN)));
    if (!given.every(rows => rows?.length)) return;
    const order = coarseToFine(STEPS), tracers = order.map(() => new Tracer(model, [SHEET / 2, SHEET / 2])), frames = [];
    const collect = done => {
      order.forEach((step, n) => { if (!frames[step] && (done || tracers[n].ended) && tracers[n].strokes.length) frames[step] = centered(tracers[n].strokes); });
      if (frames.some(Boolean)) this.#frames = frames;
      this.paint();
    };
    try {
      const codes = await engine.encode(given);
      if (!codes || ticket !== this.#ticket) return;
      const zs = new Float32Array(STEPS * model.z);
      order.forEach((step, n) => zs.set(slerp(codes[0].mu, codes[1].mu, step / (STEPS - 1)), n * model.z));
      const request = { count: STEPS, zs, temperature: TEMPERATURE, seed: SEED, common: true, batch: BATCH, label: settings.label };
      const result = await engine.draw(request, points => {
        if (ticket !== this.#ticket) return;
        for (let i = 0; i < points.length; i += 4) tracers[points[i]].add(points[i + 1], points[i + 2], points[i + 3]);
        collect(false);
      });
      if (ticket !== this.#ticket || result.type !== 'done') return;
    } catch (error) { this.studio.fail(error.message); return; }
    collect(true);
    this.milliseconds = performance.now() - startedAt;
    say('Slide to see what lies between the two. Draw on A or B to change them.');
  }

  #nearest(step) {
    for (let away = 0; away < STEPS; away++) {
      const found = this.#frames[step - away] ?? this.#frames[step + away];
      if (found) return found;
    }
    return [];
  }

  /** All steps, A to B, for a film: rows in data units; null before all are there. */
  filmRows() {
    if (this.#frames.filter(Boolean).length < STEPS) return null;
    return [...this.#frames].map(strokes => toPictureRows(strokes, this.studio.engine.model));
  }

  /** There and back in four seconds. */
  play() {
    if (!this.#frames.length) return;
    this.stop();
    if (this.studio.isStill()) { this.slider.value = Number(this.slider.value) >= STEPS - 1 ? 0 : STEPS - 1; this.paint(); return; }
    const startedAt = performance.now(), token = ++this.#playing;
    const frame = now => {
      if (token !== this.#playing || !this.studio.isActive()) return;
      const share = Math.min(1, (now - startedAt) / PLAY_MS);
      this.slider.value = Math.round((STEPS - 1) * (1 - Math.abs(1 - 2 * share)));
      this.paint();
      if (share < 1) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  stop() { this.#playing++; }

  fit() {
    if (!this.studio.isActive()) return;
    for (const { ink, live } of Object.values(this.ends)) { fitCanvas(ink); fitCanvas(live); }
    fitCanvas(this.between);
    this.film.forEach(fitCanvas);
    this.paint();
  }

  paint() {
    if (!this.studio.isActive()) return;
    const { ink, ghost } = this.studio.colors(), at = Number(this.slider.value), g = this.between.getContext('2d');
    for (const end of Object.values(this.ends)) {
      const paper = end.ink.getContext('2d');
      wipe(paper);
      drawInk(paper, end.strokes, ink, NIB_OF_END);
    }
    wipe(g);
    for (const step of [at - NEIGHBOR, at + NEIGHBOR]) if (this.#frames[step]) drawLine(g, this.#frames[step], ghost, NEIGHBOR_ALPHA, NIB * 0.8);
    drawInk(g, this.strokes, ghost);
    this.film.forEach((canvas, i) => {
      const c = canvas.getContext('2d'), strokes = this.#frames[i * (STEPS - 1) / (FILM - 1)];
      wipe(c);
      canvas.classList.toggle('lit', Math.round(at / (STEPS - 1) * (FILM - 1)) === i);
      if (strokes) drawLine(c, strokes, ink, 1, NIB_OF_FILM);
    });
    this.slider.setAttribute('aria-valuetext', `${Math.round(at / (STEPS - 1) * 100)} percent from A to B`);
  }
}

/** 0, 32, 16, 8, 24, 4 ... : each round halves the gaps. */
function coarseToFine(steps) {
  const order = new Set([0, steps - 1]);
  for (let gap = (steps - 1) / 2; gap >= 1; gap /= 2) for (let i = gap; i < steps; i += gap) order.add(i);
  return [...order];
}
