"""Run a small model over sets, and its parts over arrays, on 1 and on 8 devices; print a line of JSON for each section.

Run by `test_devices` with 8 virtual devices: ``python spread_sets.py FOLDER``. A section that fails ends the output.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np

from sketchrnn_cli.data import archive
from sketchrnn_cli.data.dataset import DataSet
from sketchrnn_cli.errors import TrainingError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels
from sketchrnn_cli.model.kernels import mesh, on_jax
from sketchrnn_cli.model.kernels.steps import Dropout
from sketchrnn_cli.model.weights import shapes
from sketchrnn_cli.sketching import Sketcher
from sketchrnn_cli.store import checkpoint
from sketchrnn_cli.store.checkpoint import Checkpoint, Sidecar
from sketchrnn_cli.training import classifying, encoding, evaluation, start
from sketchrnn_cli.training.blocks import tensor
from sketchrnn_cli.training.measuring import measure

WORDS = ("cat", "dog", "owl")
TINY = HParams(
    enc_rnn_size=4, dec_rnn_size=8, z_size=2, num_mixture=2, max_seq_len=8, num_classes=3, class_size=3,
    precision="bfloat16",
)  # fmt: skip
KEEP = 0.75


def words_model(folder: Path) -> Checkpoint:
    """Return a model of three words with random weights."""
    rng = np.random.default_rng(7)
    weights = {name: rng.normal(0, 0.6, shape).astype(np.float32) for name, shape in shapes(TINY).items()}
    checkpoint.release(folder, Sidecar(TINY, 40.0, 100.0, words=WORDS), weights)
    return checkpoint.load(folder)


def labeled_set(path: Path) -> DataSet:
    """Return a set whose test split has 35 sketches, which 8 devices do not divide."""
    rng = np.random.default_rng(5)
    sketches = [rng.integers(-30, 30, (int(length), 3)).astype(np.int16) for length in rng.integers(2, 9, 35)]
    for points in sketches:
        points[:, 2] = np.arange(len(points)) == len(points) - 1
    labels = rng.integers(0, 3, 35)
    splits = {"train": sketches[:1], "valid": [], "test": sketches}
    archive.write(path, splits, "made", WORDS, {"train": labels[:1], "valid": labels[:0], "test": labels})
    return archive.load(path)


def over_sets(model: Checkpoint, dataset: DataSet) -> dict[str, Any]:
    """Return what encoding, classifying and measuring the test split gives."""
    encoding.ROWS, classifying.ROWS, evaluation.ROWS = 2, 6, 16
    named = list(classifying.name_all(model, dataset, "test", 1000, 0))
    folder = dataset.path.parent
    (figure,) = measure(str(model.folder), [dataset], ["test"], folder)
    return {
        "encoded": encoding.encode(model, dataset.splits["test"]).tolist(),
        "named": [[one.sketch, one.word, one.order.tolist()] for one in named],
        "measured": figure.losses.reconstruction.tolist(),
    }


def drawn(model: Checkpoint, dataset: DataSet) -> dict[str, Any]:
    """Return what the drawing engine says of the same sketches."""
    sketcher, (sketches,) = Sketcher(model), dataset.splits["test"].blocks(35)
    named = [[WORDS.index(word) for word, _ in found] for found in sketcher.classify(sketches, 3)]
    return {"encoded": np.stack(sketcher.encode(sketches)).tolist(), "named": named}


def selected() -> Iterator[str]:
    """Yield which devices are used, as it is said to the user, for several requests."""
    for asked, recorded in ((None, 1), ("all", 1), ("3", 1), ("2", 1), (None, 4), (None, 99), ("9", 1), ("1", 8)):
        try:
            said = start.use_device("cpu", None, asked, recorded)
            mine = [0] if mesh.current() is None else [int(device.id) for device in mesh.current().devices]
            yield f"{said} {','.join(map(str, mine))} {mesh.size()}"
        except TrainingError as error:
            yield str(error)


def places() -> dict[str, Any]:
    """Return how arrays lie on eight devices: the shape of each part, by device."""
    rows = np.arange(48, dtype=np.float32).reshape(16, 3)

    def parts(array: Any) -> list[tuple[int, ...]]:
        return [shard.data.shape for shard in sorted(array.addressable_shards, key=lambda shard: shard.device.id)]

    placed, whole, turned = mesh.placed(rows), mesh.replicated(rows), mesh.spread(rows.T.copy(), axis=1)
    double = on_jax.compiled(lambda x: 2 * x, "scan", [placed], donate=False)
    tripled = on_jax.compile_evaluation(lambda x: 3 * x, "scan")(placed)
    state, lent = mesh.replicated(rows), mesh.replicated(rows)
    kept = on_jax.snapshot({"w": state})["w"]
    for array, donate in ((state, True), (lent, False)):
        on_jax.compiled(lambda x: x + 1, "scan", [array], donate)(array)
    return {
        "placed": parts(placed),
        "scalar": parts(mesh.placed(np.int32(3))),
        "whole": parts(whole),
        "turned": parts(turned),
        "second": np.asarray(placed.addressable_shards[1].data).tolist(),
        "examples": [str(mesh.example(array).sharding.spec) for array in (placed, whole, rows)],
        "compiled": [parts(double(placed)), np.asarray(double(placed)).tolist() == (2 * rows).tolist()],
        "evaluated": parts(tripled),
        "share": [mesh.share(16).start, mesh.share(16).stop],
        "local": parts(mesh.local(whole)),
        "snapshot": {
            "same": np.asarray(kept).tolist() == rows.tolist(),
            "devices": len(kept.devices()),
            "overwritten": [state.is_deleted(), lent.is_deleted()],
        },
    }


def recurrence() -> list[Any]:
    """Return outputs and gradients of the LSTM with dropout, over 16 sketches."""
    rng = np.random.default_rng(2)
    time, directions, batch, units = 3, 2, 16, 4
    shapes = [(directions, batch, 16), (directions, 5, 16), (directions, units, 16), *[(directions, batch, units)] * 2]
    tensors = [tensor(rng.normal(0, 0.5, shape).astype(np.float32)) for shape in shapes]
    rows = tensor(rng.normal(size=(time, directions, batch, 5)).astype(np.float32))
    dropout = Dropout(tensor(rng.random((time, directions, batch, units)) < KEEP), KEEP)
    lstm = kernels.fused_lstm(TINY.replace(kernel="scan"))

    def summed(*arrays: Any) -> Any:
        outputs = lstm(rows, *arrays, dropout, "float32")
        return (outputs**2).sum(), outputs

    gradients, outputs = jax.jit(jax.grad(summed, argnums=range(5), has_aux=True))(*tensors)
    return [np.asarray(array).ravel().tolist() for array in (outputs, *gradients)]


def main() -> None:
    """Print the sections."""

    def section(name: str, value: Any) -> None:
        print(json.dumps([name, value]), flush=True)

    folder = Path(sys.argv[1])
    section("selected", list(selected()))
    start.use_device("cpu", None, "1")
    section("recurrence on 1", recurrence())
    start.use_device("cpu", None, "8")
    section("places", places())
    section("recurrence on 8", recurrence())
    model, dataset = words_model(folder / "words"), labeled_set(folder / "shapes.npz")
    section("drawn", drawn(model, dataset))
    for count in ("1", "8"):
        start.use_device("cpu", None, count)
        section(f"sets on {count}", over_sets(model, dataset))


if __name__ == "__main__":
    main()
