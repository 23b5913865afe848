// Load a model with the real @magenta/sketch, follow strokes with it, and draw with it.
//
//   node player.cjs FOLDER MODEL.json REQUEST.json
//
// FOLDER holds node_modules. REQUEST is {strokes: [[dx, dy, p1, p2, p3], ...], temperature, softmaxTemperature,
// drawings}. Prints {info, scaleFactor, pdfs, drawings}: the distribution after the start and after every stroke, and
// so many drawings, each cut at max_seq_len.
const fs = require('fs');
const path = require('path');
const { createRequire } = require('module');

const [folder, modelFile, requestFile] = process.argv.slice(2);
const { SketchRNN } = createRequire(path.resolve(folder, 'x.js'))('@magenta/sketch');
const request = JSON.parse(fs.readFileSync(requestFile, 'utf8'));
console.log = console.warn = () => {};  // The library's own greetings.

let seed = 1;
Math.random = () => {  // The same drawings at every run (a Lehmer generator).
  seed = (seed * 48271) % 2147483647;
  return seed / 2147483647;
};

async function main() {
  const base64 = fs.readFileSync(modelFile).toString('base64');
  const model = new SketchRNN('data:application/json;base64,' + base64);
  await model.initialize();

  const pdf = (state) => model.getPDF(state, request.temperature, request.softmaxTemperature);
  const plain = (p) => Object.fromEntries(Object.entries(p).map(([name, array]) => [name, Array.from(array)]));
  let state = model.update(model.zeroInput(), model.zeroState());
  const pdfs = [plain(pdf(state))];
  for (const stroke of request.strokes) {
    state = model.update(stroke, state);
    pdfs.push(plain(pdf(state)));
  }

  const drawings = [];
  for (let i = 0; i < request.drawings; i++) {
    const drawing = [];
    let stroke = model.zeroInput();
    let now = model.zeroState();
    while (drawing.length < model.info.max_seq_len) {
      now = model.update(stroke, now);
      stroke = model.sample(pdf(now));
      if (stroke[4] === 1) break;
      drawing.push(stroke);
    }
    drawings.push(drawing);
  }
  process.stdout.write(JSON.stringify({ info: model.info, scaleFactor: model.scaleFactor, pdfs, drawings }));
}

main().catch((error) => {
  process.stderr.write(String(error && error.stack ? error.stack : error) + '\n');
  process.exit(1);
});
