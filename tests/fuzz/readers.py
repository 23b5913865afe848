"""Every reader of files that come from outside, with a sound file for each.

    python tests/fuzz/readers.py [--inputs 50000] [--seed 0] [READER...]

damages sound files at random and reads them: what is not read is refused by a `SketchRNNError`, in little time and
memory. A reader that starts a process each time is given one input where the others are given many (`COSTLY`).
"""

import argparse
import asyncio
import gzip
import io
import json
import struct
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from damage import damaged, random_edits
from PIL import Image, ImageDraw

from sketchrnn_cli.data import archive
from sketchrnn_cli.data import cache as archive_cache
from sketchrnn_cli.data.conversion import binary, ndjson
from sketchrnn_cli.errors import SketchRNNError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.interop import magenta_js
from sketchrnn_cli.interop.seed import port
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.store import checkpoint, runs, tensors
from sketchrnn_cli.store.checkpoint import Sidecar
from sketchrnn_cli.strokes import files, scan
from sketchrnn_cli.strokes.prepare import CANVAS, to_sketch
from sketchrnn_cli.strokes.svg.reader import read_svg
from sketchrnn_cli.studio.collection import Collection
from sketchrnn_cli.studio.guard import TOKEN_HEADER
from sketchrnn_cli.studio.models import Models
from sketchrnn_cli.studio.server import application

SQUARE = np.int16([[9, 0, 0], [0, 9, 0], [-9, 0, 0], [0, -9, 1]])
HPARAMS = HParams(enc_rnn_size=2, dec_rnn_size=3, z_size=2, num_mixture=2, max_seq_len=5)
SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="10cm">
<style>.a{stroke:red;fill:none}</style>
<defs><g id="g"><path class="a" d="M10 10 C20 0 40 80 90 90 S 5 6 7 8 A 5 9 30 0 1 40 20 z"/></g></defs>
<g transform="rotate(10 50 50) scale(.5,2)"><use href="#g" x="3"/><circle cx="50%" cy="20" r="9" stroke="#000"/></g>
<polygon points="1,2 30,40 50,6" style="stroke:blue;stroke-width:2px"/><rect x="1" y="2" width="9" height="8" rx="2"/>
</svg>"""


class Reader(NamedTuple):
    """A reader, and what it reads."""

    name: str
    sound: Callable[[], bytes]
    read: Callable[[Path], object]


def _npz() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.npz"
        archive.write(path, {"train": [SQUARE] * 3, "valid": [SQUARE], "test": [SQUARE * [2, 2, 1]]}, "made for a test")
        return path.read_bytes()


def _npy() -> bytes:
    stream = io.BytesIO()
    np.save(stream, SQUARE.astype(np.float32))
    return stream.getvalue()


def _pickle() -> bytes:
    array = np.empty(2, dtype=object)
    array[:] = [SQUARE, SQUARE.astype(np.float64)[:3]]
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def _read_pickle(path: Path) -> object:
    """Read a damaged member of an archive whose checksums are right."""
    with zipfile.ZipFile(path.with_suffix(".npz"), "w") as zipped:
        for split in ("train", "valid", "test"):
            zipped.writestr(f"{split}.npy", path.read_bytes() if split == "train" else _pickle())
    return archive.load(path.with_suffix(".npz"))


def _json() -> bytes:
    return json.dumps(SQUARE.tolist()).encode()


def _line() -> bytes:
    raw = [[[1.5, 90.25, 40], [2, 3, 80], [0, 9, 20]], [[5], [6], [1]]]
    return json.dumps({"word": "cat", "recognized": True, "key_id": "5", "drawing": raw}).encode()


def _bin() -> bytes:
    stroke = struct.pack("<H", 3) + bytes([0, 255, 9, 4, 5, 6])
    return 2 * (struct.pack("<Q2sBIH", 7, b"DE", 1, 9, 2) + 2 * stroke)


def _png() -> bytes:
    image = Image.new("L", (60, 50), 255)
    ImageDraw.Draw(image).line([(5, 5), (50, 40), (10, 45)], fill=0, width=4)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


@cache
def _checkpoint() -> tuple[bytes, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        checkpoint.write(Path(folder), Sidecar(HPARAMS, 1.5, 255.0), initialize(HPARAMS))
        return (Path(folder) / checkpoint.SIDECAR).read_bytes(), (Path(folder) / checkpoint.WEIGHTS).read_bytes()


def _read_sidecar(path: Path) -> object:
    path.replace(path.parent / checkpoint.SIDECAR)
    (path.parent / checkpoint.WEIGHTS).write_bytes(_checkpoint()[1])
    return checkpoint.load(path.parent)


def _read_weights(path: Path) -> object:
    """Read damaged weights whose checksum is right: by somebody who means harm, not by chance."""
    import hashlib

    from sketchrnn_cli.model.weights import shapes

    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return tensors.read(path, shapes(HPARAMS), digest)


def _run() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        sidecar = Sidecar(HPARAMS, 1.5, 255.0, step=1)
        slots = {"optimizer.updates": np.ones(1, np.float32)}
        runs.save_step(Path(folder) / "run", runs.Run("", ""), sidecar, initialize(HPARAMS), slots, True, True)
        return (Path(folder) / "run" / runs.RUN_FILE).read_bytes()


def _read_run(path: Path) -> object:
    path.replace(path.parent / runs.RUN_FILE)
    return runs.read_run(path.parent)


def _gen_json() -> bytes:
    import base64

    rng = np.random.default_rng(0)
    shapes = [[3, 15], [15], [5, 12], [3, 12], [12]]
    weights = [base64.b64encode(rng.integers(-99, 99, shape).astype("<i2").tobytes()).decode() for shape in shapes]
    info = {"name": "x", "mode": 2, "version": 6, "max_seq_len": 9, "scale_factor": 40.0}
    return json.dumps([info, shapes, weights]).encode()


def _read_fixed_png(path: Path) -> object:
    """Read a damaged PNG whose checksums are right."""
    blob, at = bytearray(path.read_bytes()), 8
    while at + 12 <= len(blob):
        end = at + 8 + int.from_bytes(blob[at : at + 4], "big")
        if end + 4 > len(blob):
            break
        blob[end : end + 4] = zlib.crc32(blob[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    path.write_bytes(blob)
    return scan.read_scan(path)


def _jpeg() -> bytes:
    stream = io.BytesIO()
    Image.open(io.BytesIO(_png())).save(stream, "JPEG")
    return stream.getvalue()


def _read_packed_svg(path: Path) -> object:
    """Read a damaged SVG whose packing is right."""
    path.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    return read_svg(path)


def _record(identity: str = "drawing-1") -> bytes:
    drawing = [[[0, 10.5, 30], [0, 20, 5], [0, 8, 30]], [[5, 90], [40, 12], [100, 140]]]
    record = {"id": identity, "drawing": drawing, "pressure": [[0.5, 0.75, 1], [0.5, 0.5]], "by": ["hand", "model"]}
    return json.dumps(record | {"word": "cat", "model": "cat", "temperature": 0.4, "seed": 7}).encode()


def _collection() -> bytes:
    return b"".join(_record(f"drawing-{number}") + b"\n" for number in range(3))


def _read_collection(path: Path) -> object:
    """Open what the studio adds to, and add to it."""
    collection = Collection(path)
    before = collection.count()
    assert collection.add(json.loads(_record("drawing-new"))) == before + 1
    return collection.latest(9)


@cache
def _studio() -> Callable[..., object]:
    folder = Path(tempfile.mkdtemp())
    checkpoint.release(folder / "tiny", Sidecar(HPARAMS, 1.5, 255.0), initialize(HPARAMS))
    return application(Models([str(folder / "tiny")], folder), Collection(folder / "mine.ndjson"), "token")


def _asking(path: str) -> Callable[[Path], object]:
    """Return a reader that posts a file to the studio; an answer of 500 and more is a fault."""

    def ask(body: Path) -> object:
        headers = {"host": "localhost", TOKEN_HEADER.lower(): "token", "content-type": "application/json"}
        scope = {
            "type": "http", "method": "POST", "path": path, "query_string": b"", "http_version": "1.1",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()], "root_path": "",
            "scheme": "http", "server": ("localhost", 80), "client": ("localhost", 1),
        }  # fmt: skip
        sent: list[dict] = []

        async def receive() -> dict:
            return {"type": "http.request", "body": body.read_bytes(), "more_body": False}

        async def send(message: dict) -> None:
            sent.append(message)

        asyncio.run(_studio()(scope, receive, send))  # type: ignore[arg-type]
        status = sent[0]["status"]
        if 400 <= status < 500:
            raise SketchRNNError(f"{status}")
        assert status == 200, f"the studio answers {status}"
        return status

    return ask


def _render(frames: str) -> bytes:
    sketches = [SQUARE.tolist()] * (1 if frames == "drawing" else 2)
    return json.dumps({"sketches": sketches, "format": "gif", "frames": frames}).encode()


@cache
def _cached() -> tuple[Path, Path]:
    """Return an archive, and its entry in the cache."""
    path = Path(tempfile.mkdtemp()) / "a.npz"
    path.write_bytes(_npz())
    archive_cache.WORTHWHILE = 0
    loaded = archive_cache.load(path)
    return path, path.parent / archive_cache.FOLDER / loaded.sha256


def _read_through_cache(file: str) -> Callable[[Path], object]:
    """Return a reader of an archive a file of whose entry is damaged: no drawing may come from it that is another."""

    def read(path: Path) -> object:
        archived, entry = _cached()
        entry.mkdir(exist_ok=True)
        path.replace(entry / file)
        return len(archive_cache.load(archived).train)

    return read


def _hdf5() -> bytes:
    """Return what Keras 2 wrote of the smallest model."""
    import h5py

    enc, dec, z, rng = 2, 3, 2, np.random.default_rng(0)
    lstms = {"forward": (5, enc), "backward": (5, enc), "decoder": (5 + z, dec)}
    tensors = {
        name: {"kernel": (rows, 4 * size), "recurrent": (size, 4 * size), "bias": (4 * size,)}
        for name, (rows, size) in lstms.items()
    }
    both = {f"{side}/{leaf}": shape for side in ("forward", "backward") for leaf, shape in tensors[side].items()}
    dense = {"mu": (2 * enc, z), "sigma": (2 * enc, z), "output": (dec, 15)}
    layers = {"bidirectional": both, "lstm": tensors["decoder"]}
    layers |= {name: {"kernel": shape, "bias": shape[1:]} for name, shape in dense.items()}
    stream = io.BytesIO()
    with h5py.File(stream, "w") as root:
        root.attrs["layer_names"] = np.array([name.encode() for name in layers])
        for name, shapes in layers.items():
            layer = root.create_group(name)
            layer.attrs["weight_names"] = np.array([leaf.encode() for leaf in shapes])
            for leaf, shape in shapes.items():
                layer.create_dataset(leaf, data=rng.standard_normal(shape).astype(np.float32))
    return stream.getvalue()


def _read_hdf5(path: Path) -> object:
    (path.parent / "model_config.json").write_text('{"max_seq_len": 9}')
    return port.read(path)


READERS = {
    reader.name: reader
    for reader in (
        Reader("npz", _npz, archive.load),
        Reader("npy", _npy, files.read_sketches),
        Reader("pickle", _pickle, _read_pickle),
        Reader("json", _json, files.read_sketches),
        Reader("ndjson", _line, lambda path: ndjson.parse(path.read_bytes(), "x:1", "x", 2.0)),
        Reader("bin", _bin, lambda path: list(binary.read(path))),
        Reader("svg", lambda: SVG, lambda path: to_sketch(read_svg(path).polylines, CANVAS)),
        Reader("svgz", lambda: gzip.compress(SVG, mtime=0), lambda path: read_svg(path)),
        Reader("packed svg", lambda: SVG, _read_packed_svg),
        Reader("png", _png, scan.read_scan),
        Reader("png chunks", _png, _read_fixed_png),
        Reader("jpeg", _jpeg, scan.read_scan),
        Reader("sidecar", lambda: _checkpoint()[0], _read_sidecar),
        Reader("safetensors", lambda: _checkpoint()[1], _read_weights),
        Reader("run", _run, _read_run),
        Reader("gen", _gen_json, magenta_js.read),
        Reader(
            "latents", lambda: b'{"mu": [[0.5, -1]], "sigma": [[1, 1]]}', lambda path: files.read_latents(str(path), 2)
        ),
        Reader("studio file", _collection, _read_collection),
        Reader("studio drawing", _record, _asking("/api/drawings")),
        Reader("studio film", lambda: _render("drawing"), _asking("/api/render")),
        Reader("studio morph", lambda: _render("morph"), _asking("/api/render")),
        Reader("cache", lambda: (_cached()[1] / "about.json").read_bytes(), _read_through_cache("about.json")),
        Reader("hdf5", _hdf5, _read_hdf5),
    )
}
SUFFIXES = {
    "pickle": "npy", "sidecar": "json", "run": "json", "gen": "json", "packed svg": "svgz", "png chunks": "png",
    "jpeg": "jpg", "latents": "json", "studio file": "ndjson", "studio drawing": "json", "studio film": "json",
    "studio morph": "json", "cache": "json",
}  # fmt: skip
COSTLY = {"hdf5": 50, "studio film": 20, "studio morph": 20, "png": 5, "png chunks": 5, "jpeg": 5}
"""Readers that are given one input where another is given so many."""
PICTURES = ("png", "png chunks", "jpeg")
"""What needs scikit-image."""
PEAK_MB = 500


def attempt(reader: Reader, blob: bytes, folder: Path) -> bool:
    """Read a file; return whether it was taken. Anything raised but a `SketchRNNError` is a fault of ours."""
    path = folder / f"input.{SUFFIXES.get(reader.name, reader.name)}"
    path.write_bytes(blob)
    try:
        reader.read(path)
    except SketchRNNError:
        return False
    return True


def main() -> None:
    """Fuzz, and print what happened; exit 1 where a reader failed."""
    import resource  # Windows has none, and imports this module for its readers.

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("readers", nargs="*", default=list(READERS))
    arguments = parser.parse_args()
    warnings.simplefilter("error")  # One that is shown is a second line.
    shares = {name: 1 / COSTLY.get(name, 1) for name in arguments.readers}
    faults, peak, total, began = 0, 0, 0, time.monotonic()
    for name in arguments.readers:
        rng, reader, taken, slowest = np.random.default_rng([arguments.seed, *name.encode()]), READERS[name], 0, 0.0
        sound, each = reader.sound(), round(arguments.inputs * shares[name] / sum(shares.values()))
        total += each
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(each):
                blob, started = damaged(sound, random_edits(rng)), time.process_time()
                try:
                    taken += attempt(reader, blob, Path(folder))
                except Exception:  # noqa: BLE001  Counted and shown, whatever it is.
                    faults += 1
                    print(f"{name}: {blob[:200]!r}\n{traceback.format_exc(limit=-4)}", file=sys.stderr)
                slowest = max(slowest, time.process_time() - started)
        usages = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        peak = max(usages) // 1024
        print(f"{name}: {each} read, {taken} taken, slowest {slowest:.2f} s of CPU, peak so far {peak} MB", flush=True)
    print(f"{total} read in {time.monotonic() - began:.0f} s, {faults} faults, peak {peak} MB")
    sys.exit(faults > 0 or peak > PEAK_MB)


if __name__ == "__main__":
    main()
