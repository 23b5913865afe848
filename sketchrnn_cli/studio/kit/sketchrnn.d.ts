/** [x, y] in pixels of a canvas as large as the model's; y downwards. */
export type Point = [x: number, y: number];
export type Stroke = Point[];
export type Drawing = Stroke[];

export interface DrawOptions {
  /** 0 draws the likeliest, 1 wildly. Default 0.4. */
  temperature?: number;
  /** The same seed, the same drawing. Default: another each time. */
  seed?: number;
  /** A latent vector, from `encode` or your own; default: a random one. */
  z?: Float32Array | null;
  /** One of `words`; default: any. */
  word?: string;
  /** At most so many points. */
  maxPoints?: number;
}

export interface DrawnPoint {
  x: number;
  y: number;
  dx: number;
  dy: number;
  /** 'down': the stroke goes on after this point; 'up': it ends here. */
  pen: 'down' | 'up';
}

export class SketchRNN {
  /** Side of the square that the model was trained on, pixels. */
  readonly canvas: number;
  /** Length of a latent vector; 0 for a model without encoder. */
  readonly zSize: number;
  /** Whether the WebAssembly kernel runs. */
  readonly simd: boolean;
  /** The words that a model knows drawings by; empty for most. */
  readonly words: string[];
  /** Draw. */
  sample(options?: DrawOptions): Drawing;
  /** Go on with a drawing; the result begins with the strokes given. Size and z are guessed where no z is given. */
  complete(strokes: Drawing, options?: DrawOptions): Drawing;
  /** The latent vector of a drawing. Throws for a model without encoder. */
  encode(strokes: Drawing): { mu: Float32Array; sigma: Float32Array };
  /** Drawings, or latent vectors, at both ends: the drawings between them, the ends' reconstructions included. */
  interpolate(
    from: Drawing | Float32Array,
    to: Drawing | Float32Array,
    options?: { steps?: number; temperature?: number; seed?: number; word?: string },
  ): Drawing[];
  /** A point at a time, drawn as it is asked for; `strokes` is what it goes on with. */
  points(options?: DrawOptions & { strokes?: Drawing }): Generator<DrawnPoint, void>;
}

/** Load hparams.json and weights.safetensors from a folder. `plain`: without WebAssembly. */
export function load(url: string | URL, options?: { plain?: boolean }): Promise<SketchRNN>;
