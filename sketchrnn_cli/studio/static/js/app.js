// The page: models and settings, tabs, keys, theme, and what is kept.
import { Engine } from './engine.js';
import { NIB, readColors, toPng } from './ink.js';
import { DrawMode, randomSeed } from './draw.js';
import { MorphMode } from './morph.js';
import { MapMode } from './map.js';
import { toPictureRows, toSvg } from './strokes.js';
import { Outbox, download, openSource, recall, remember, toRecord } from './keep.js';

const THEME_KEY = 'sketchrnn.theme', INK_OF_FILES = '#1c1a17', FRAMES_OF_FILM = 'morph';
const element = id => document.getElementById(id);
const isTouch = matchMedia('(pointer: coarse)'), reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');
const query = new URLSearchParams(location.search);

const engine = new Engine({ plain: query.has('plain') });
const remembered = recall() ?? {};
const settings = { model: remembered.model ?? null, label: -1, temperature: remembered.temperature ?? 0.4, seed: remembered.seed ?? randomSeed() };
const visited = [];                            // drawings of this visit that are no longer on the sheet
let source = null, models = [], outbox = null, mode = 'draw', colors = readColors(), opening = 0;

function say(text) {
  const shown = isTouch.matches ? text.replace('Press 1 to 6 to take one that', 'Tap one that').replace('Press 1 to 6 to take one', 'Tap one to take it').replace('click to take', 'tap twice to take') : text;
  if (element('status').textContent !== shown) element('status').textContent = shown;
}

const shared = {
  engine, settings, say,
  colors: () => colors,
  isStill: () => reducedMotion.matches,
  fail: reason => say(`${settings.model} cannot draw: ${reason}.`),
  guesses: query.has('guesses') ? Number(query.get('guesses')) : undefined,
};
const drawMode = new DrawMode({ ...shared, isActive: () => mode === 'draw', onchange: sheetChanged }, {
  sheet: element('stage'), endings: element('endings'), heading: element('offer'),
  layers: { ghosts: element('ghosts'), ink: element('ink'), live: element('live') },
  takesStroke: () => document.querySelector('[name=take]:checked').value === 'stroke',
});
const end = name => ({
  sheet: element(`sheet-${name}`), ink: element(`ink-${name}`), live: element(`live-${name}`), another: element(`another-${name}`),
});
const toSheet = strokes => {
  drawMode.place(strokes);
  setMode('draw');
  sheetChanged();
  say('On the sheet.');
};
const morphMode = new MorphMode({ ...shared, isActive: () => mode === 'morph', sheetStrokes: () => drawMode.strokes, toSheet }, {
  between: element('between'), slider: element('position'), film: element('film'), ends: { a: end('a'), b: end('b') },
});
const mapMode = new MapMode({
  ...shared, isActive: () => mode === 'map', toSheet,
  mapKey: () => `${settings.model} ${settings.label} ${outbox?.count ?? ''} ${outbox ? '' : visited.length}`,
  async mapDrawings(limit) {
    const kept = outbox ? await source.drawings(limit).catch(() => []) : [];
    return kept.length ? kept : [drawMode.strokes, ...visited].filter(strokes => strokes.length).map(strokes => ({ strokes }));
  },
}, { plane: element('plane'), pictures: element('pictures'), there: element('there') });
const modes = { draw: drawMode, morph: morphMode, map: mapMode };

// ---- settings

async function openModel(name) {
  const ticket = ++opening, known = models.find(model => model.name === name) ?? { name, words: null };
  settings.model = name;
  settings.label = -1;
  document.body.dataset.state = 'loading';
  engine.cancel();
  element('model').value = name;
  showWords(known.words);
  say('Loading the model…');
  try {
    const { sidecar, weights } = await source.model(name);
    if (ticket !== opening) return;
    showWords(known.words ?? sidecar.words ?? null);
    invite(sidecar);
    await engine.load(sidecar, weights);
  } catch (error) {
    if (ticket !== opening) return;
    engine.model = null;
    drawMode.ask();
    document.body.dataset.state = drawMode.strokes.length ? 'offered' : 'empty';
    element('offer').textContent = '\u00a0';
    say(`${name} cannot be opened: ${error.message}.`);
    return;
  }
  for (const tab of ['morph', 'map']) element(`tab-${tab}`).disabled = !engine.model.z;
  morphMode.reset();
  mapMode.reset();
  if (!engine.model.z && mode !== 'draw') setMode('draw');
  else if (mode === 'draw') drawMode.ask();
  else modes[mode].open();
}

/** Show the words of a class-conditional model, or none. */
function showWords(words) {
  const select = element('class'), chosen = remembered.word;
  select.replaceChildren(...['any', ...(words ?? [])].map((word, i) => new Option(word, i - 1)));
  element('class-field').hidden = !words?.length;
  settings.label = words?.length && chosen && remembered.model === settings.model ? words.indexOf(chosen) : -1;
  select.value = settings.label;
}

const chosenWord = () => (settings.label < 0 ? null : element('class').selectedOptions[0]?.textContent ?? null);

/** "Begin a cat.": of the class, else of what the model was trained on. */
function invite(sidecar) {
  const trained = (sidecar.datasets ?? []).map(({ name }) => /^(?:doodle|quickdraw)_(.+)$/.exec(name)?.[1].replaceAll('_', ' '));
  const words = chosenWord() ? [chosenWord()] : trained.length && trained.length <= 3 && trained.every(Boolean) ? trained : ['drawing'];
  const phrases = words.map(word => `${/^[aeiou]/i.test(word) ? 'an' : 'a'} ${word}`);
  element('begin').textContent = `Begin ${phrases.length < 2 ? phrases[0] : `${phrases.slice(0, -1).join(', ')} or ${phrases.at(-1)}`}.`;
}

function setTemperature(value) {
  settings.temperature = value;
  element('temperature').value = value;
  element('temperature').setAttribute('aria-valuetext', value.toFixed(2));
  element('heat').textContent = value.toFixed(2);
}

function rememberAll() {
  remember({ model: settings.model, word: chosenWord(), temperature: settings.temperature, seed: settings.seed, history: drawMode.history.pack() });
}

// ---- the sheet

let shown = [];
function sheetChanged() {
  const { strokes, history } = drawMode, isEmpty = !strokes.length, hands = strokes.filter(stroke => stroke.by === 'hand').length;
  if (isEmpty && shown.length) visited.unshift(shown);
  shown = strokes;
  element('undo').disabled = !history.canUndo;
  element('redo').disabled = !history.canRedo;
  for (const id of ['clear', 'replay', 'add']) element(id).disabled = isEmpty;
  for (const button of document.querySelectorAll('#save button')) button.disabled = isEmpty;
  element('stage').setAttribute('aria-label', isEmpty ? 'Empty sheet. Draw with mouse, pen or finger.'
    : `Drawing of ${strokes.length} stroke${strokes.length === 1 ? '' : 's'}, ${hands} by hand`);
  rememberAll();
}

// ---- keeping

async function add() {
  const { strokes } = drawMode;
  if (!outbox || !strokes.length) return;
  const { model, temperature, seed } = settings, hands = strokes.filter(stroke => stroke.by === 'hand').length;
  const reason = await outbox.add(toRecord(strokes, { word: chosenWord(), model, temperature, seed }));
  if (outbox.waiting) say('Kept here until the server answers.');
  else if (reason) say(`Not added: ${reason}.`);
  else say(`Added: ${hands} stroke${hands === 1 ? '' : 's'} by hand, ${strokes.length - hands} by the model. ${outbox.count} drawing${outbox.count === 1 ? '' : 's'}.`);
}

function showCount({ count, waiting }) { element('counter').textContent = waiting ? `${count} + ${waiting}` : String(count); }

async function save(format) {
  const { strokes } = drawMode, name = `${settings.model ?? 'drawing'}.${format}`;
  if (!strokes.length) return;
  try {
    download(format === 'svg' ? new Blob([toSvg(strokes, INK_OF_FILES, NIB)], { type: 'image/svg+xml' })
      : format === 'png' ? await toPng(strokes, INK_OF_FILES)
        : await source.render(format, 'drawing', [toPictureRows(strokes, engine.model ?? { canvas: 255 })]), name);
    say(`Saved ${name}.`);
  } catch (error) { say(`${name} was not saved: ${error.message}.`); }
}

async function saveFilm() {
  const sketches = morphMode.filmRows(), name = `${settings.model}-morph.gif`;
  if (!sketches) return;
  try {
    download(await source.render('gif', FRAMES_OF_FILM, sketches), name);
    say(`Saved ${name}.`);
  } catch (error) { say(`${name} was not saved: ${error.message}.`); }
}

// ---- tabs, theme, keys

function setMode(name) {
  if (element(`tab-${name}`).disabled) return;
  drawMode.finish();
  morphMode.stop();
  mode = document.body.dataset.mode = name;
  for (const tab of document.querySelectorAll('[role=tab]')) {
    tab.setAttribute('aria-selected', tab.dataset.mode === name);
    tab.tabIndex = tab.dataset.mode === name ? 0 : -1;
    element(tab.dataset.mode).hidden = tab.dataset.mode !== name;
  }
  engine.cancel();
  if (name === 'draw') { drawMode.fit(); drawMode.ask(); } else modes[name].open();
}

function toggleTheme() {
  const theme = getComputedStyle(document.documentElement).colorScheme === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset.theme = theme;
  try { localStorage.setItem(THEME_KEY, theme); } catch { /* storage is denied: chosen for this visit */ }
  themeChanged();
}

function themeChanged() {
  colors = readColors();
  for (const each of Object.values(modes)) each.fit();
}

const actions = {
  undo: () => drawMode.undo(), redo: () => drawMode.redo(), clear: () => drawMode.clear(), replay: () => drawMode.replay(),
  surprise: () => drawMode.surprise(), again: () => drawMode.again(), add, theme: toggleTheme,
  'to-sheet': () => morphMode.strokes.length && toSheet(morphMode.strokes), play: () => morphMode.play(), 'save-film': saveFilm,
};
for (const [id, action] of Object.entries(actions)) element(id).addEventListener('click', action);
for (const button of document.querySelectorAll('#save button')) button.addEventListener('click', () => save(button.dataset.format));
for (const tab of document.querySelectorAll('[role=tab]')) {
  tab.addEventListener('click', () => setMode(tab.dataset.mode));
  tab.addEventListener('keydown', event => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key], tabs = [...document.querySelectorAll('[role=tab]:enabled')];
    if (!step) return;
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    setMode(next.dataset.mode);
    next.focus();
  });
}

element('model').addEventListener('change', event => openModel(event.target.value));
element('class').addEventListener('change', event => {
  settings.label = Number(event.target.value);
  invite({});
  rememberAll();
  drawMode.ask();
});
element('temperature').addEventListener('input', event => {
  setTemperature(Number(event.target.value));
  rememberAll();
  drawMode.ask();
});

const KEYS = {
  draw: { KeyZ: 'undo', KeyY: 'redo', KeyX: 'clear', KeyP: 'replay', KeyS: 'surprise', KeyA: 'add', Space: 'again' },
  morph: { KeyP: 'play', Enter: 'to-sheet' },
  map: {},
};
const MODE_KEYS = { KeyD: 'draw', KeyM: 'morph', KeyL: 'map' };

addEventListener('keydown', event => {
  if (event.target.matches('select, input[type=range]') && !['Escape', 'Enter'].includes(event.key)) return;
  if (mode === 'draw' && drawMode.state === 'offered' && drawMode.finish()) return;       // a replay
  const letter = /^[a-z]$/i.test(event.key) ? `Key${event.key.toUpperCase()}` : event.code;
  if (event.ctrlKey || event.metaKey) {
    if (letter !== 'KeyZ' || mode !== 'draw') return;
    event.preventDefault();
    actions[event.shiftKey ? 'redo' : 'undo']();
    return;
  }
  if (event.altKey) return;
  const digit = /^(?:Digit|Numpad)([1-6])$/.exec(event.code)?.[1];
  const isButton = event.target.matches('button'), action = KEYS[mode][letter];
  if (event.key === 'Escape') {
    drawMode.light(-1);
    (mode === 'map' ? element('plane') : mode === 'morph' ? element('position') : element('stage')).focus();
  } else if (digit && mode === 'draw') drawMode.take(Number(digit) - 1, event.shiftKey);
  else if (MODE_KEYS[letter]) setMode(MODE_KEYS[letter]);
  else if (action && !(isButton && ['Space', 'Enter'].includes(letter)) && !element(action).disabled) {
    event.preventDefault();
    actions[action]();
  }
});
addEventListener('pointerdown', () => { if (drawMode.state === 'offered') drawMode.finish(); }, { capture: true });
addEventListener('hashchange', () => location.reload());               // the server was started again: another token
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', themeChanged);
document.addEventListener('visibilitychange', async () => {
  if (document.hidden || !outbox) return;
  const state = await source.state().catch(() => null);
  if (state?.data) { outbox.count = state.data.count; showCount(outbox); }
});

// ---- beginning

async function start() {
  drawMode.restore(remembered.history);
  drawMode.fit();
  setTemperature(settings.temperature);
  sheetChanged();
  try {
    source = openSource();
    const state = await source.state();
    ({ models } = state);
    element('model').replaceChildren(...models.map(({ name }) => new Option(name)));
    for (const button of document.querySelectorAll('#save button')) {
      button.hidden = ['gif', 'webp'].includes(button.dataset.format) && !state.formats.includes(button.dataset.format);
    }
    element('save-film').hidden = !state.formats.includes('gif');
    element('add').hidden = !state.data;
    if (state.data) { outbox = new Outbox(source, state.data.count, showCount); showCount(outbox); }
  } catch (error) {
    say(error.status === 403 || error.status === 401 ? 'Open the address that sketchrnn studio printed: this one lacks its token.' : `The server does not answer: ${error.message}.`);
    return;
  } finally { document.body.dataset.ready = ''; }
  const names = models.map(({ name }) => name), wanted = query.get('model') ?? settings.model;
  if (names.length) await openModel(names.includes(wanted) ? wanted : names[0]);
  else say('No model to draw with.');
}

/** For tests and the curious. */
globalThis.studio = { engine, settings, drawMode, morphMode, mapMode, get outbox() { return outbox; } };
start();
