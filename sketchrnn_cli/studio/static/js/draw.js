// Draw: the sheet, what is offered for it, and what is taken.
import { SHEET, Tracer, centered, clipped, pointCount, toRows } from './strokes.js';
import { NIB, drawInk, drawLine, fitCanvas, wipe } from './ink.js';
import { listenToPen } from './pen.js';
import { COUNT, createCells } from './endings.js';
import { History } from './history.js';

const GHOST_POINTS_PER_MS = 0.16, DREAM_POINTS_PER_MS = 0.026, DREAM_HOLD_MS = 1600, DREAM_FADE_MS = 1000;
const GHOST_STRENGTHS = [1.5, 1.15, 1, 0.9, 0.8, 0.75], LIT_ALPHA = 0.95, UNLIT_ALPHA = 0.05, DREAM_ALPHA = 0.3;
const TAMEST_FIRST = 0.35;                     // temperature of what is offered on the empty sheet, at most
const FIRST_CENTER = [500, 455], SHARE_GIVEN = 0.75, COULD_END = 0.5;
const TOO_LONG = 'Too long for this model to finish. It can still be saved.';

export const randomSeed = () => Math.floor(Math.random() * 2 ** 31);

export class DrawMode {
  #layers;
  #cells;
  #offers = [];
  #lit = -1;
  #ticket = 0;                                 // of the offers that were asked for last
  #frame = 0;
  #dream = { index: 0, since: 0 };
  #isDrawing = false;
  #ending = null;                              // ends what is being inked over or replayed, at once
  history = new History();
  /** Milliseconds from the last ask to the first points, to their painting and to the last. */
  times = {};
  /** Points of the dream on the empty sheet. */
  dreamed = 0;

  /**
   * @param {object} studio engine, settings {temperature, seed, label}, colors(), isStill(), isActive(), say(text),
   *   onchange() after each step
   */
  constructor(studio, elements) {
    this.studio = studio;
    this.elements = elements;
    this.#layers = elements.layers;
    this.#cells = createCells(elements.endings, { take: (i, single) => this.take(i, single), light: i => this.light(i) });
    listenToPen(elements.sheet, {
      down: () => this.#penDown(),
      move: stroke => this.#paintLive([stroke]),
      up: stroke => this.#penUp(stroke),
    });
    new ResizeObserver(() => this.fit()).observe(elements.sheet);
    new ResizeObserver(() => this.fit()).observe(elements.endings);
  }

  get strokes() { return this.history.strokes; }
  get isBusy() { return this.#ending !== null; }
  get state() { return document.body.dataset.state; }
  set state(name) { document.body.dataset.state = name; }

  fit() {
    if (!this.studio.isActive()) return;
    for (const layer of Object.values(this.#layers)) fitCanvas(layer);
    this.#cells.fit();
    this.#paintInk();
    this.#paintOffers();
  }

  // ---- the pen

  #penDown() {
    if (this.isBusy) return false;
    this.#isDrawing = true;
    this.#withdraw();
    this.state = 'drawing';
    return true;
  }

  #penUp(stroke) {
    this.#isDrawing = false;
    wipe(this.#layers.live.getContext('2d'));
    if (stroke) this.#step([...this.strokes, stroke]);
    else this.#settle();
  }

  /** Take the offers back, and stop the worker. */
  #withdraw() {
    this.#ticket++;
    this.studio.engine.cancel();
    this.#offers = [];
    this.light(-1);
    wipe(this.#layers.ghosts.getContext('2d'));
    this.#cells.clear();
    this.#cells.enable([]);
  }

  // ---- history

  #step(strokes) {
    this.history.push(strokes);
    this.#settle();
  }

  /** The sheet has changed: show it, remember it, ask for endings. */
  #settle() {
    this.#paintInk();
    this.studio.onchange();
    return this.ask();
  }

  restore(packed) { this.history.unpack(packed); }

  undo() { this.#go(-1, 'Undone.'); }
  redo() { this.#go(1, 'Redone.'); }

  #go(step, said) {
    if (this.isBusy || this.#isDrawing || !this.history.go(step)) return;
    this.#settle();
    this.studio.say(said);
  }

  clear() {
    if (this.isBusy || this.#isDrawing || !this.strokes.length) return;
    this.#step([]);
    this.studio.say('Cleared. Undo brings it back.');
  }

  /** Put a drawing from elsewhere on the sheet. */
  place(strokes) { this.history.push(strokes); }

  // ---- offers

  /** Ask the model for six endings, or for six drawings to begin with. */
  async ask() {
    this.#withdraw();
    const { engine, settings, say } = this.studio, { model } = engine, { strokes } = this, isEmpty = !strokes.length;
    if (!this.studio.isActive()) return;
    this.state = model ? isEmpty ? 'empty' : 'offered' : 'loading';
    if (!model) return;
    const given = isEmpty ? null : toRows(strokes, model, Math.floor(model.maxPoints * SHARE_GIVEN));
    this.elements.heading.textContent = isEmpty ? 'Six to begin with' : 'Six endings';
    if (!isEmpty && !given) { say(TOO_LONG); return; }
    const ticket = this.#ticket, askedAt = performance.now();
    const origin = isEmpty ? [SHEET / 2, SHEET / 2] : strokes.at(-1).points.at(-1);
    const offers = Array.from({ length: COUNT }, () => new Offer(new Tracer(model, origin)));
    this.#offers = offers;
    this.times = { given: given ? given.length / 3 : 0 };
    let shownSince = 0;
    const request = {
      count: COUNT, temperature: isEmpty ? Math.min(settings.temperature, TAMEST_FIRST) : settings.temperature,
      seed: settings.seed, label: settings.label, given, guesses: this.studio.guesses,
    };
    const result = await engine.draw(request, points => {
      if (ticket !== this.#ticket) return;
      for (let i = 0; i < points.length; i += 4) offers[points[i]].tracer.add(points[i + 1], points[i + 2], points[i + 3]);
      if (!shownSince) {
        shownSince = performance.now();
        this.times.first = shownSince - askedAt;
        requestAnimationFrame(() => { this.times.painted ??= performance.now() - askedAt; });
      }
      this.#showFrom(shownSince);
    }).catch(error => ({ type: 'error', message: error.message }));
    if (ticket !== this.#ticket || result.type === 'cancelled') return;
    if (result.type === 'error') { this.studio.fail(result.message); return; }
    Object.assign(this.times, { all: performance.now() - askedAt, worker: result.ms });
    for (const offer of offers) offer.finish(isEmpty ? FIRST_CENTER : null);
    this.#cells.enable(offers);
    this.#dream = { index: 0, since: performance.now() };
    this.#showFrom(shownSince);
    const couldEnd = result.stops > COULD_END;
    if (couldEnd) this.elements.heading.textContent = 'It could end here';
    say(isEmpty ? 'Six drawings by the model. Press 1 to 6 to take one, or begin your own.'
      : couldEnd ? 'The model would stop here. Press 1 to 6 to take one that goes on.'
        : 'Six endings. Press 1 to 6 to take one, or go on drawing.');
  }

  again() {
    if (this.isBusy || this.#isDrawing) return;
    this.studio.settings.seed = randomSeed();
    this.studio.onchange();
    this.ask();
  }

  light(i) {
    const lit = this.#offers[i]?.isReady ? i : -1;
    if (lit === this.#lit) return;
    this.#lit = lit;
    this.#cells.light(lit);
    this.#dream.since = performance.now();
    this.#paintOffers();
    this.#showFrom(0);
  }

  #showFrom(since) {
    if (since) this.shownSince = since;
    if (!this.#frame) this.#frame = requestAnimationFrame(now => this.#tick(now));
  }

  #tick(now) {
    this.#frame = 0;
    if (!this.studio.isActive() || this.#isDrawing || this.isBusy) return;
    const isStill = this.studio.isStill(), most = isStill ? Infinity : (now - this.shownSince) * GHOST_POINTS_PER_MS;
    let isMoving = false, hasChanged = false;
    for (const offer of this.#offers) {
      const shown = Math.max(offer.shown, Math.min(offer.tracer.count, Math.ceil(most)));
      hasChanged ||= shown !== offer.shown;
      offer.shown = shown;
      isMoving ||= shown < offer.tracer.count;
    }
    const dreams = !this.strokes.length && this.#lit < 0 && this.#offers.some(offer => offer.isReady);
    if (hasChanged) this.#paintOffers(now);
    else if (dreams) this.#paintGhosts(now);
    if (isMoving || (dreams && !isStill)) this.#showFrom(0);
  }

  // ---- taking

  /** Take ending i, or its first stroke: the ghost is inked over in the order in which it was drawn. */
  async take(i, single = false) {
    const offer = this.#offers[i];
    if (this.isBusy || this.#isDrawing || !offer?.isReady) return;
    const isStroke = single || this.elements.takesStroke();
    await this.#inkOver(isStroke ? offer.strokes.slice(0, 1) : offer.strokes);
    this.studio.say(isStroke ? 'One stroke taken.' : `Ending ${i + 1} taken.`);
  }

  /** Clear the sheet and let the model draw one; a single step of the history. */
  async surprise() {
    const { engine, settings } = this.studio;
    if (this.isBusy || this.#isDrawing || !engine.model) return;
    settings.seed = randomSeed();
    this.#withdraw();
    const ticket = this.#ticket, offer = new Offer(new Tracer(engine.model, [SHEET / 2, SHEET / 2]));
    const request = { count: 1, temperature: Math.min(settings.temperature, TAMEST_FIRST), seed: settings.seed, label: settings.label };
    const result = await engine.draw(request, points => {
      for (let p = 0; p < points.length; p += 4) offer.tracer.add(points[p + 1], points[p + 2], points[p + 3]);
    }).catch(error => ({ type: 'error', message: error.message }));
    if (ticket !== this.#ticket || result.type === 'cancelled') return;
    if (result.type === 'error') { this.studio.fail(result.message); return; }
    offer.finish(FIRST_CENTER);
    await this.#inkOver(offer.strokes, []);
    this.studio.say('The model drew one.');
  }

  async #inkOver(strokes, base = this.strokes) {
    this.#withdraw();
    this.state = 'taking';
    const { ink, live, ghosts } = this.#layers, { colors } = this.studio, total = pointCount(strokes);
    const paper = ink.getContext('2d'), g = live.getContext('2d'), under = ghosts.getContext('2d');
    wipe(paper);
    drawInk(paper, base, colors().ink);
    await this.#animate(Math.min(620, 200 + 9 * total), share => {
      wipe(g);
      wipe(under);
      if (share < 1) drawLine(under, strokes, colors().ghost, 0.5 * (1 - share), NIB * 0.8);
      drawInk(g, clipped(strokes, share * total), colors().ink);
    });
    wipe(g);
    wipe(under);
    this.#step([...base, ...strokes]);
  }

  /** Draw the drawing again; any key or touch ends it. */
  async replay() {
    const { strokes } = this, total = pointCount(strokes), g = this.#layers.ink.getContext('2d');
    if (this.isBusy || this.#isDrawing || !total) return;
    wipe(this.#layers.ghosts.getContext('2d'));
    await this.#animate(Math.min(3200, 400 + 14 * total), share => {
      wipe(g);
      drawInk(g, clipped(strokes, share * total), this.studio.colors().ink);
    });
    this.#paintOffers();
    this.#showFrom(0);
  }

  /** End at once what is being replayed or inked over; whether there was any. */
  finish() {
    const wasBusy = this.isBusy;
    this.#ending?.();
    return wasBusy;
  }

  /** Call `paint` with 0 to 1 over `duration` ms; at once with 1 where motion is not wanted. */
  #animate(duration, paint) {
    return new Promise(resolve => {
      const end = () => {
        this.#ending = null;
        paint(1);
        resolve();
      };
      this.#ending = end;
      if (this.studio.isStill()) { end(); return; }
      const startedAt = performance.now();
      const frame = now => {
        if (this.#ending !== end) return;
        const share = Math.max(0, (now - startedAt) / duration);
        if (share >= 1) { end(); return; }
        paint(share);
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
  }

  // ---- painting

  #paintInk() {
    const g = this.#layers.ink.getContext('2d');
    wipe(g);
    drawInk(g, this.strokes, this.studio.colors().ink);
  }

  #paintLive(strokes) {
    const g = this.#layers.live.getContext('2d');
    wipe(g);
    drawInk(g, strokes, this.studio.colors().ink);
  }

  #paintOffers(now = performance.now()) {
    this.#paintGhosts(now);
    this.#cells.paint(this.strokes, this.#offers, this.studio.colors());
  }

  #paintGhosts(now) {
    const g = this.#layers.ghosts.getContext('2d'), { ghost, ghostAlpha } = this.studio.colors();
    wipe(g);
    if (this.#isDrawing || this.isBusy) return;
    if (!this.strokes.length && this.#lit < 0) { this.#paintDream(g, now); return; }
    this.#offers.forEach((offer, i) => {
      const isLit = i === this.#lit, alpha = this.#lit < 0 ? ghostAlpha * GHOST_STRENGTHS[i] : isLit ? LIT_ALPHA : UNLIT_ALPHA;
      if (this.strokes.length || isLit) drawLine(g, clipped(offer.strokes, offer.shown), ghost, alpha, isLit ? NIB * 0.9 : NIB * 0.7);
    });
  }

  /** The empty sheet: one of the six is drawn slowly and faintly, held, faded; then the next. */
  #paintDream(g, now) {
    const offer = this.#offers[this.#dream.index];
    if (!offer?.isReady) return;
    const elapsed = this.studio.isStill() ? DREAM_HOLD_MS : now - this.#dream.since, drawing = offer.tracer.count / DREAM_POINTS_PER_MS;
    const fading = Math.max(0, elapsed - drawing - DREAM_HOLD_MS) / DREAM_FADE_MS;
    if (fading >= 1) this.#dream = { index: (this.#dream.index + 1) % COUNT, since: now };
    const shown = this.studio.isStill() ? Infinity : elapsed * DREAM_POINTS_PER_MS;
    this.dreamed = Math.min(shown, offer.tracer.count);
    drawLine(g, clipped(offer.strokes, shown), this.studio.colors().ghost, DREAM_ALPHA * (1 - Math.min(1, fading)), NIB * 0.9);
  }
}

/** One of the six, while the worker draws it and after. */
class Offer {
  shown = 0;                                   // points of it on the screen
  isReady = false;

  constructor(tracer) {
    this.tracer = tracer;
    this.strokes = tracer.strokes;
  }

  /** The worker is done; a drawing on the empty sheet is moved to its middle. */
  finish(center) {
    this.isReady = this.strokes.length > 0;
    if (center) this.strokes = centered(this.strokes, ...center);
  }
}
