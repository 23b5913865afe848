// What was on the sheet: a list of stroke lists, none of which ever changes, and where in it we are.

const LIMIT_BYTES = 200_000;

export class History {
  #steps = [[]];
  #at = 0;

  get strokes() { return this.#steps[this.#at]; }
  get canUndo() { return this.#at > 0; }
  get canRedo() { return this.#at < this.#steps.length - 1; }

  push(strokes) {
    this.#steps.length = this.#at + 1;
    this.#steps.push(Object.freeze([...strokes]));
    this.#at++;
  }

  /** Step back (-1) or forth (1); false at the end. */
  go(step) {
    if (!this.#steps[this.#at + step]) return false;
    this.#at += step;
    return true;
  }

  /** For storage: each stroke once; the oldest steps are left out where it would be too large. */
  pack() {
    for (let first = 0; first <= this.#at; first++) {
      const strokes = [], steps = this.#steps.slice(first).map(step => step.map(stroke => {
        if (!strokes.includes(stroke)) strokes.push(stroke);
        return strokes.indexOf(stroke);
      }));
      const packed = { strokes: strokes.map(packStroke), steps, at: this.#at - first };
      if (JSON.stringify(packed).length <= LIMIT_BYTES) return packed;
    }
    return null;
  }

  unpack(packed) {
    if (!packed?.steps?.[packed.at]) return;
    this.#steps = packed.steps.map(step => Object.freeze(step.map(index => packed.strokes[index])));
    this.#at = packed.at;
  }
}

const packStroke = stroke => ({
  ...stroke,
  points: stroke.points.map(([x, y, ...rest]) => [Math.round(x * 10) / 10, Math.round(y * 10) / 10, ...rest.map(value => Math.round(value * 1000) / 1000)]),
});
