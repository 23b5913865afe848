// node compare_in_node.mjs FOLDER...: one JSON line a folder and path.
import { readFileSync } from 'node:fs';
import { compare } from './compare.js';

for (const folder of process.argv.slice(2)) {
  const sidecar = JSON.parse(readFileSync(`${folder}/hparams.json`)), golden = JSON.parse(readFileSync(`${folder}/golden.json`));
  const bytes = readFileSync(`${folder}/weights.safetensors`);
  for (const plain of [false, true]) {
    const weights = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    console.log(JSON.stringify({ folder, plain, ...await compare(sidecar, weights, golden, plain) }));
  }
}
