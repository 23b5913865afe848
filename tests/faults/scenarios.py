"""What is disturbed, and what must hold afterwards."""

import json
import multiprocessing
import os
import ssl
import tempfile
from collections.abc import Callable
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sketchrnn_cli import caches, download
from sketchrnn_cli.data import archive, prepared, simplified
from sketchrnn_cli.data import cache as archive_cache
from sketchrnn_cli.drawing import output
from sketchrnn_cli.drawing.layout import grid
from sketchrnn_cli.drawing.timing import Timing
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.interop import importing
from sketchrnn_cli.interop.imported import Imported
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.store import checkpoint, names, removal, runs
from sketchrnn_cli.store.checkpoint import Sidecar
from sketchrnn_cli.studio.collection import Collection

HPARAMS = HParams(enc_rnn_size=2, dec_rnn_size=2, z_size=1, num_mixture=1, max_seq_len=5)
ssl.create_default_context = cache(ssl.create_default_context)  # A sixth of a second each; nothing here is encrypted.
SQUARE = np.int16([[9, 0, 0], [0, 9, 0], [-9, 0, 1]])


class Scenario(NamedTuple):
    """One piece of work and its promise."""

    prepare: Callable[[Path], None]
    work: Callable[[Path], None]
    holds: Callable[[Path, int], None]


def _weights(step: int) -> dict[str, np.ndarray]:
    return initialize(HPARAMS.replace(seed=step))


def _save(folder: Path, step: int, run: runs.Run) -> runs.Run:
    slots = {"optimizer.updates": np.float32([step])}
    sidecar = Sidecar(HPARAMS.replace(seed=step), 1.0, 255.0, step=step, epoch=step)
    return runs.save_step(folder / "run", run, sidecar, _weights(step), slots, step % 2 == 0, step == 1)


def _saved_thrice(folder: Path) -> None:
    """Leave a run whose kept, best and last steps are three."""
    run = runs.Run("", "")
    for step in (1, 2, 3):
        run = _save(folder, step, run)


def _save_again(folder: Path) -> None:
    _save(folder, 5, runs.read_run(folder / "run"))


def _run_is_whole(folder: Path, code: int) -> None:
    run = runs.read_run(folder / "run")
    assert run.last in (("000005",) if code == 0 else ("000003", "000005")), f"the last step is {run.last}"
    for name in ("run@last", "run@best", "run@epoch-1"):
        loaded = names.load(name, folder)
        expected = _weights(loaded.sidecar.step)
        for tensor, value in loaded.weights.items():
            np.testing.assert_array_equal(value, expected[tensor])
        slots = runs.load_slots(folder / "run", run, loaded.folder.name, {"optimizer.updates": (1,)})
        assert slots["optimizer.updates"][0] == loaded.sidecar.step
    _save(folder, 7, run)  # And it goes on from here.
    assert runs.read_run(folder / "run").last == "000007"


def _archive_of(folder: Path, count: int) -> None:
    archive.write(folder / "set.npz", {"train": [SQUARE] * count, "valid": [SQUARE], "test": []}, f"made of {count}")


def _archive_is_old_or_new(folder: Path, code: int) -> None:
    count = len(archive.load(folder / "set.npz").train)
    assert count in ((5,) if code == 0 else (3, 5)), f"{count} sketches"
    if code >= 0:
        assert [path.name for path in folder.iterdir()] == ["set.npz"], "something half-written stayed"


def _release(folder: Path) -> None:
    checkpoint.release(folder / "released", Sidecar(HPARAMS.replace(seed=7), 1.0, 255.0), _weights(7), np.float16)


def _released_is_whole_or_absent(folder: Path, code: int) -> None:
    if code == 0 or (folder / "released").exists():
        assert checkpoint.load(folder / "released").hparams.seed == 7
    if code >= 0:
        assert [path.name for path in folder.iterdir()] in ([], ["released"]), "something half-written stayed"


class _Handler(BaseHTTPRequestHandler):
    """Serves one file, or the range of it that is asked for."""

    blob = b""

    def do_GET(self) -> None:
        asked, blob = self.headers.get("Range", ""), self.blob
        start, end = 0, len(blob)
        is_range = asked.startswith("bytes=") and self.headers.get("If-Range", '"one"') == '"one"'
        if is_range:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            start, end = int(first), min(int(last) + 1, len(blob)) if last else len(blob)
        if start >= end:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(blob)}")
            start = end
        else:
            self.send_response(206 if is_range else 200)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(blob)}")
        self.send_header("ETag", '"one"')
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        self.wfile.write(blob[start:end])

    def log_message(self, *arguments: object) -> None:
        pass


@cache
def _served(blob: bytes) -> str:
    """Serve a file from a process of its own, as an attempt is a fork without threads; return the server's address."""
    server = HTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"blob": blob}))
    multiprocessing.get_context("fork").Process(target=server.serve_forever, daemon=True).start()
    server.socket.close()
    return f"http://127.0.0.1:{server.server_address[1]}"


KIND = download.Kind("archive", b"PK", archive.load)
_ARCHIVE: list[bytes] = []
"""What is downloaded; made by `prepare`, before any attempt."""


def _download_of(already: float) -> Scenario:
    """Return a download of which a part has come already."""

    def prepare(folder: Path) -> None:
        _archive_of(folder, 40)
        _ARCHIVE[:] = [(folder / "set.npz").read_bytes()]
        (folder / "set.npz").unlink()
        _served(_ARCHIVE[0])
        if already:
            (folder / "set.npz.part").write_bytes(_ARCHIVE[0][: int(already * len(_ARCHIVE[0]))])
            (folder / "set.npz.part.etag").write_text('"one"')

    def work(folder: Path) -> None:
        with download.client() as http:
            for _ in download.download(f"{_served(_ARCHIVE[0])}/set.npz", folder / "set.npz", http, KIND, 0.0):
                pass

    def holds(folder: Path, code: int) -> None:
        path = folder / "set.npz"
        assert path.exists() or code != 0, "done, and no file"
        assert not path.exists() or path.read_bytes() == _ARCHIVE[0], "half a file"
        work(folder)
        assert path.read_bytes() == _ARCHIVE[0]
        assert list(folder.iterdir()) == [path], "something stays that the next download should take away"

    return Scenario(prepare, work, holds)


def _lines() -> bytes:
    strokes = [[[0, 255, 9], [0, 9, 255]], [[5, 80], [6, 3]]]
    made = [{"word": "cat", "recognized": n % 3 > 0, "key_id": str(n), "drawing": strokes} for n in range(30)]
    return "".join(json.dumps(line) + "\n" for line in made).encode()


WANTED = simplified.Wanted(("cat",), 9)


def _serve_lines(folder: Path) -> None:
    _served(_lines())


def _fetch(folder: Path) -> None:
    """Fetch the beginning of a file, block by block, and make an archive of it."""
    simplified.BLOCK = 900
    for _ in simplified.fetch(WANTED, folder / "words", _served(_lines())):
        pass
    simplified.build(WANTED, folder / "words", folder / "set.npz", replace=True)


def _first_drawings_are_whole_or_absent(folder: Path, code: int) -> None:
    assert (folder / "set.npz").exists() or code != 0
    for _ in range(2):
        if (folder / "set.npz").exists():
            dataset = archive.load(folder / "set.npz")
            assert sum(map(len, dataset.splits.values())) == WANTED.drawings
        _fetch(folder)
    assert [path.name for path in (folder / "words").iterdir()] == ["cat.9.ndjson"]


def _record(number: int) -> dict[str, object]:
    return {"id": f"drawing-{number}", "word": "cat", "drawing": [[[0, number, 9], [0, 80, 9], [0, 1, 2]]]}


def _draw(folder: Path, count: int) -> None:
    collection = Collection(folder / "mine.ndjson")
    for number in range(1, count + 1):
        collection.add(_record(number))


def _drawings_are_whole(folder: Path, code: int) -> None:
    """Nothing that was answered for is lost; the page sends again what was not, once."""
    path = folder / "mine.ndjson"
    found, count = Collection(path).latest(9)
    assert count == 3 if code == 0 else count in (2, 3), f"{count} drawings"
    _draw(folder, 4)
    found, count = Collection(path).latest(9)
    assert [identity for identity, _, _ in found] == [f"drawing-{number}" for number in (1, 2, 3, 4)]
    assert [json.loads(line)["id"] for line in path.read_text().splitlines()] == [name for name, _, _ in found]


def _prepare_drawings(folder: Path) -> prepared.Prepared:
    """Convert a folder of drawings into the cache, as `train FOLDER --from` does."""
    os.environ[caches.HOME] = str(folder / "caches")
    return prepared.prepare(folder / "drawings")


def _some_drawings(folder: Path) -> None:
    (folder / "drawings").mkdir()
    for number in range(3):
        text = f'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0 L{9 + number} 50 L90 9" stroke="#000"/></svg>'
        (folder / "drawings" / f"{number}.svg").write_text(text)
    (folder / "drawings" / "none.svg").write_text("<svg/>")  # The cache holds a report of it.


def _prepared_is_whole(folder: Path, code: int) -> None:
    found = _prepare_drawings(folder)
    assert len(archive.load(found.archive).train) == 3
    assert any("3 drawings" in note for note in found.notes)
    assert _prepare_drawings(folder) == found
    if code >= 0:
        assert len(list(found.archive.parent.parent.iterdir())) == 1, "something half-written stayed"


def _read_through_the_cache(folder: Path) -> None:
    archive_cache.WORTHWHILE = 0
    for _ in range(2):  # Makes the entry; maps it.
        dataset = archive_cache.load(folder / "set.npz")
        assert [len(dataset.splits[split]) for split in ("train", "valid", "test")] == [5, 1, 0]
        np.testing.assert_array_equal(dataset.train[4], SQUARE)


def _read_from_the_cache_is_what_was_written(folder: Path, code: int) -> None:
    _read_through_the_cache(folder)
    assert code != 1, "a cache that cannot be written was taken for an error"


def _import(folder: Path, seed: int) -> None:
    hparams = HPARAMS.replace(seed=seed)
    importing.release(
        Imported(hparams, 1.0, 255.0, _weights(seed)), Sidecar(hparams, 1.0, 255.0), folder / "models" / "cat"
    )


def _imported_is_old_or_new(folder: Path, code: int) -> None:
    """A kill between the two renames leaves the old model aside, under a name that says so."""
    path = folder / "models" / "cat"
    if code >= 0:
        assert [found.name for found in path.parent.iterdir()] == ["cat"], "something half-written stayed"
    if code >= 0 or path.exists():
        assert checkpoint.load(path).hparams.seed in ((8,) if code == 0 else (7, 8))
    else:
        assert [checkpoint.load(old).hparams.seed for old in path.parent.glob(".cat.*/old")] == [7]
    _import(folder, 9)
    assert checkpoint.load(path).hparams.seed == 9


def _removed_is_whole_or_gone(folder: Path, code: int) -> None:
    if code == 0:
        assert list(folder.iterdir()) == []
    if (folder / "run").exists():
        for which in ("last", "best", "epoch-1"):
            names.load(f"run@{which}", folder)


def _draw_frames(folder: Path, count: int) -> None:
    output.save_animation([grid([SQUARE])] * 2, Timing(fps=count, seconds=1.0, hold=0.0), folder / "frames")


def _frames_are_whole(folder: Path, code: int) -> None:
    from PIL import Image

    for path in (folder / "frames").glob("frame-*.png"):
        with Image.open(path) as image:
            image.load()
    if code >= 0:
        assert not list(folder.rglob(".frames-*")), "something half-written stayed"
    _draw_frames(folder, 4)


def _picture(folder: Path, count: int) -> None:
    for suffix in ("svg", "png"):
        output.save_picture(grid([SQUARE] * count), folder / f"a.{suffix}")


@cache
def _drawn(suffix: str, count: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        _picture(Path(folder), count)
        return (Path(folder) / f"a.{suffix}").read_bytes()


def _picture_is_old_or_new(folder: Path, code: int) -> None:
    for suffix in ("svg", "png"):
        possible = [_drawn(suffix, count) for count in (1, 4)]
        assert (folder / f"a.{suffix}").read_bytes() in (possible[1:] if code == 0 else possible), "half a picture"
    if code >= 0:
        assert sorted(path.name for path in folder.iterdir()) == ["a.png", "a.svg"], "something half-written stayed"


SCENARIOS = {
    "save": Scenario(_saved_thrice, _save_again, _run_is_whole),
    "convert": Scenario(
        lambda folder: _archive_of(folder, 3), lambda folder: _archive_of(folder, 5), _archive_is_old_or_new
    ),
    "release": Scenario(lambda folder: None, _release, _released_is_whole_or_absent),
    "import": Scenario(lambda folder: _import(folder, 7), lambda folder: _import(folder, 8), _imported_is_old_or_new),
    "remove": Scenario(_saved_thrice, lambda folder: removal.remove(folder / "run"), _removed_is_whole_or_gone),
    "download": _download_of(0.0),
    "resumed download": _download_of(0.4),
    "first drawings": Scenario(_serve_lines, _fetch, _first_drawings_are_whole_or_absent),
    "studio": Scenario(lambda folder: _draw(folder, 2), lambda folder: _draw(folder, 3), _drawings_are_whole),
    "folder of drawings": Scenario(
        _some_drawings, lambda folder: _prepare_drawings(folder) and None, _prepared_is_whole
    ),
    "cache": Scenario(
        lambda folder: _archive_of(folder, 5), _read_through_the_cache, _read_from_the_cache_is_what_was_written
    ),
    "picture": Scenario(lambda folder: _picture(folder, 1), lambda folder: _picture(folder, 4), _picture_is_old_or_new),
    "frames": Scenario(
        lambda folder: _draw_frames(folder, 3), lambda folder: _draw_frames(folder, 5), _frames_are_whole
    ),
}
