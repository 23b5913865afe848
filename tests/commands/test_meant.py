"""What the words of drawing commands mean: the model may be left out, or come last, whatever else has its name."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sketchrnn_cli.cli import app
from sketchrnn_cli.commands import meant
from sketchrnn_cli.data import archive, doodles
from sketchrnn_cli.errors import CheckpointError, DataError, SketchRNNError, UsageError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.store import checkpoint
from sketchrnn_cli.store.checkpoint import Sidecar
from sketchrnn_cli.strokes.files import read_sketches

MODELS = Path("checkpoints")
SQUARE = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0H{0}V{0}H0" fill="none" stroke="black"/></svg>'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two SVGs, a data set that is called cat as the bundled model is, and a model called a.svg."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("a.svg", "b.svg", "dog.svg"), 9):
        Path(name).write_text(SQUARE.format(number), encoding="utf-8")
    archive.write(Path("datasets/cat.npz"), doodles.doodles("cat", 4, 0), "made in a test")
    hparams = HParams(enc_rnn_size=4, dec_rnn_size=8, z_size=2, num_mixture=2, max_seq_len=90)
    for name in ("a.svg", "mine", "ckpts"):
        checkpoint.release(MODELS / name, Sidecar(hparams, 30.0, 255.0), initialize(hparams))
    return tmp_path


def run(*words: object) -> tuple[str, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(result.exception, SketchRNNError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


@pytest.mark.parametrize(
    ("words", "ckpt", "inputs"),
    [
        ("cat a.svg b.svg", "cat", "a.svg b.svg"),
        ("a.svg b.svg", None, "a.svg b.svg"),  # A file and a model: the file.
        ("b.svg cat", "cat", "b.svg"),
        ("cat cat:test:0", "cat", "cat:test:0"),  # A model and a data set.
        ("cat:test:0 cat", "cat", "cat:test:0"),
        ("cat:test:0", None, "cat:test:0"),
        ("cat cat", "cat", "cat"),
        ("b.svg dog.svg", None, "b.svg dog.svg"),
        ("b.svg dog", None, "b.svg dog"),  # Neither: the reader says so.
        ("b.svg cat mine", None, "b.svg cat mine"),
        ("cat@best a.svg", "cat@best", "a.svg"),
        ("checkpoints/mine a.svg", "checkpoints/mine", "a.svg"),
        ("ckpt a.svg b.svg", None, "a.svg b.svg"),
        ("none.svg", None, "none.svg"),
        ("cat:tran:3", None, "cat:tran:3"),
        ("datasets/cat.npz:test:0 mine", "mine", "datasets/cat.npz:test:0"),
    ],
)
def test_the_first_word_is_the_model_where_it_names_one_and_no_drawing(
    here: Path, words: str, ckpt: str | None, inputs: str
) -> None:
    assert meant.model_and_drawings(words.split(), MODELS) == (ckpt, inputs.split())


def test_a_model_with_the_name_of_a_drawing_is_meant_where_no_such_file_is(here: Path) -> None:
    (here / "a.svg").unlink()
    assert meant.model_and_drawings(["a.svg", "b.svg"], MODELS) == ("a.svg", ["b.svg"])


@pytest.mark.parametrize(
    ("words", "ckpt", "inputs"),
    [
        ("cat", None, "cat"),  # The set: nothing else is left to be named.
        ("cat cat", "cat", "cat"),
        ("cat a.svg", "cat", "a.svg"),
        ("mine cat", "mine", "cat"),
        ("a.svg mine", "mine", "a.svg"),
    ],
)
def test_a_data_set_counts_as_drawings_where_a_command_takes_sets(
    here: Path, words: str, ckpt: str | None, inputs: str
) -> None:
    assert meant.model_and_drawings(words.split(), MODELS, sets=Path("datasets")) == (ckpt, inputs.split())


def test_every_drawing_command_does_without_a_model(here: Path) -> None:
    for path in (here / "checkpoints").iterdir():
        path.rename(here / path.name.replace(".", "_"))  # The bundled cat is left.
    for words in (
        "interpolate a.svg b.svg --steps 3 --out 1.json",
        "reconstruct a.svg --out 2.json",
        "complete a.svg --count 1 --out 3.json",
        "analogy a.svg b.svg cat:test:0 --out 4.json",
        "encode a.svg --out 5.json",
        "animate a.svg --out 6.gif",
    ):
        stdout, stderr = run(*words.split())
        assert words.split()[-1] in stdout
        assert "model: doodle_cat" in stderr


def test_the_line_of_the_user_works_as_written(here: Path) -> None:
    _, stderr = run(*["interpolate", "ckpt", "a.svg", "b.svg", "--steps", "10", "--out", "walk.json"])
    assert "no model named ckpt" in stderr
    assert len(read_sketches(here / "walk.json")) == 10


def test_animate_takes_a_drawing_after_the_model(here: Path) -> None:
    run("animate", "cat", "b.svg", "--out", "one.gif")
    run("animate", "cat", "--input", "b.svg", "--out", "other.gif")
    assert (here / "one.gif").read_bytes() == (here / "other.gif").read_bytes()


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        ("reconstruct cat", UsageError, "0 drawings beside the model 'cat'.*cat a.svg"),
        ("analogy a.svg b.svg", UsageError, "2 drawings; expected 3"),
        ("complete a.svg b.svg", UsageError, "2 drawings; expected 1"),
        ("animate a.svg b.svg", UsageError, "--morph a.svg b.svg"),
        ("animate a.svg --input b.svg", UsageError, "give one of them"),
        ("encode minne a.svg", CheckpointError, "did you mean 'mine'"),
        ("sample Cat", CheckpointError, "no checkpoint 'Cat'; did you mean 'cat'"),
        ("sample dog", CheckpointError, "sketchrnn pretrained download dog "),
        ("sample palm_tree_vae", CheckpointError, "sketchrnn pretrained download palm_tree --vae "),
        ("reconstruct owl_vae_large a.svg", CheckpointError, "sketchrnn pretrained download owl --vae --large "),
        ("reconstruct cat cat:tran:3", DataError, r"no split 'tran'; did you mean 'train'\? \(there are: train, val"),
        ("reconstruct cat cat", DataError, "of a data set such as"),
        ("train dog cat guitar --data-dir none", DataError, "'dog', 'cat', 'guitar' in none.*download dog cat guitar"),
    ],
)
def test_what_was_perhaps_meant_is_said(here: Path, words: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        run(*words.split())


def test_scale_auto_fits_strokes_of_another_size(here: Path) -> None:
    Path("small.json").write_text("[[20, 0, 0], [0, 30, 0], [-20, 5, 1]]", encoding="utf-8")
    kept, said = run("encode", "cat", "small.json")
    fitted, fitting = run("encode", "cat", "small.json", "--scale", "auto")
    assert "--scale auto fits it" in said
    assert "fitted to that" in fitting
    assert np.abs(np.subtract(json.loads(kept)["mu"], json.loads(fitted)["mu"])).max() > 0.01


def test_sketches_of_a_set_named_as_the_model_are_told_apart(here: Path) -> None:
    stdout, _ = run("encode", "cat", "cat:test:0")
    assert np.array(json.loads(stdout)["mu"]).shape[0] == 1
