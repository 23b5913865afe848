"""`encode` of data sets: row i is sketch i, as if it were named alone."""

import json
from pathlib import Path

import numpy as np
import plain_model
import pytest
from typer.testing import CliRunner

from sketchrnn_cli import cli
from sketchrnn_cli.data import archive
from sketchrnn_cli.errors import CheckpointError, DataError, UsageError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.store import checkpoint
from sketchrnn_cli.store.checkpoint import Sidecar

SMALL = HParams(enc_rnn_size=6, dec_rnn_size=8, z_size=3, num_mixture=2, max_seq_len=12)
COUNT, LONG, LARGE = 700, (3, 650), 5


def zigzag(rng: np.random.Generator, points: int, step: float) -> np.ndarray:
    """Return a sketch, about 100 units large, whose every second point can be left out."""
    sketch = np.zeros((points, 3), np.float32)
    sketch[:, 0] = np.round(100 / points * step)
    sketch[:, 1] = rng.integers(-2, 3, points) * step
    sketch[-1, 2] = 1
    return sketch


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of at most 12 points, and a set with two longer sketches and one that is much larger."""
    monkeypatch.chdir(tmp_path)
    weights = plain_model.random_weights(SMALL, size=0.6)
    checkpoint.release(Path("checkpoints/vae"), Sidecar(SMALL, 10.0, 100.0), weights)
    rng = np.random.default_rng(0)
    sketches = [zigzag(rng, int(points), 1.0) for points in rng.integers(4, 13, COUNT)]
    for number in LONG:
        sketches[number] = zigzag(rng, 20, 1.0)
    sketches[LARGE] = zigzag(rng, 6, 9.0)
    archive.write(Path("datasets/shapes.npz"), {"train": sketches, "valid": sketches[:6], "test": []}, "made")


def run(*words: str) -> tuple[str, str]:
    done = CliRunner().invoke(cli.app, ["encode", *words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout, done.stderr


def latents(*words: str) -> np.ndarray:
    run("vae", *words, "--sigma", "--out", "z.npy", "--force")
    return np.load("z.npy")


@pytest.mark.parametrize("options", [(), ("--flip-y",), ("--scale", "auto")])
def test_row_i_of_a_set_is_its_sketch_i_as_if_named_alone(options: tuple[str, ...]) -> None:
    every = latents("shapes", *options)
    assert every.shape == (2, COUNT, 3)
    chosen = (0, 1, *LONG, LARGE, 511, 512, COUNT - 1)
    alone = latents(*(f"shapes:train:{number}" for number in chosen), *options)
    np.testing.assert_array_equal(every[:, chosen], alone)


def test_what_was_done_to_which_sketches_is_said_in_a_line_each() -> None:
    _, said = run("vae", "shapes", "--out", "z.npy")
    assert "shapes:train: 2 of 700 sketches (3, 650) simplified to the model's 12 points" in said
    assert "shapes:train: 1 of 700 sketches (5) much larger or smaller than the model's drawings" in said
    assert "--scale auto fits it" in said
    _, said = run("vae", "shapes", "--scale", "auto", "--out", "z.npy", "--force")
    assert "(100 data units); fitted to that" in said


def test_sets_and_drawings_keep_the_order_in_which_they_are_named() -> None:
    both = latents("shapes:train:9", "datasets/shapes.npz", "shapes:train:8", "--split", "valid")
    assert both.shape == (2, 8, 3)
    np.testing.assert_array_equal(both[:, 1:7], latents("shapes", "--split", "valid"))
    np.testing.assert_array_equal(both[:, [0, 7]], latents("shapes:train:9", "shapes:train:8"))
    printed = json.loads(run("vae", "shapes", "--split", "valid")[0])
    np.testing.assert_allclose(printed["mu"], both[0, 1:7])
    assert "sigma" not in printed


def test_the_training_engine_gives_the_same_where_it_is_asked_for() -> None:
    _, said = run("vae", "shapes", "--split", "valid", "--sigma", "--out", "a.npy", "--backend", "tensorflow")
    assert "(TensorFlow)" in said
    _, silent = run("vae", "shapes", "--split", "valid", "--sigma", "--out", "b.npy")
    assert "TensorFlow" not in silent
    np.testing.assert_allclose(np.load("a.npy"), np.load("b.npy"), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        ("vae shapes --split half", UsageError, "--split half: expected one of train, valid, test"),
        ("vae shapes --split test", DataError, "shapes:test: no sketches; --split chooses another"),
        ("vae shapes --device tpu", UsageError, "--device tpu: expected auto, cpu, gpu"),
        ("vae shapes --devices 2 --backend tensorflow", UsageError, "--backend jax takes several"),
        ("vae nothing", DataError, "no data set 'nothing'"),
        ("vae shapes:tran:3", DataError, "no split 'tran'; did you mean 'train'"),
        ("quickdraw shapes --backend jax", CheckpointError, "decoder-only model cannot encode"),
    ],
)
def test_what_cannot_be_encoded_is_refused(words: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        run(*words.split())
