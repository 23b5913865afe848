"""Drawing by words and naming drawings, typed as commands."""

import json
from pathlib import Path

import numpy as np
import plain_model
import pytest
from typer.testing import CliRunner

from sketchrnn_cli import cli
from sketchrnn_cli.data import archive
from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import mixture, readout
from sketchrnn_cli.model.inference import Drawer
from sketchrnn_cli.model.readout import Readout
from sketchrnn_cli.sketching import Sketcher
from sketchrnn_cli.store import checkpoint
from sketchrnn_cli.store.checkpoint import Sidecar
from sketchrnn_cli.store.names import load

WORDS = ("cat", "flying saucer", "t-shirt")
SMALL = HParams(
    conditional=False, dec_model="transformer", dec_rnn_size=16, dec_layers=1, dec_heads=2, dec_mlp_size=8,
    num_mixture=2, num_classes=3, class_size=4, max_seq_len=20,
)  # fmt: skip


def release(name: str, **changes: object) -> None:
    hparams = SMALL.replace(**changes)
    weights = plain_model.random_weights(hparams, size=0.6)
    sidecar = Sidecar(hparams, 10.0, 100.0, words=WORDS if hparams.num_classes else ())
    checkpoint.release(Path("checkpoints") / name, sidecar, weights)


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    release("words")
    release("vae", conditional=True, enc_rnn_size=6, z_size=4, dec_model="lstm")
    release("plain", num_classes=0)


def run(*arguments: str) -> str:
    done = CliRunner().invoke(cli.app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(*arguments: str) -> str:
    with pytest.raises(UsageError) as caught:
        CliRunner().invoke(cli.app, list(arguments), catch_exceptions=False)
    return str(caught.value)


def drawn(path: str) -> list[list]:
    return json.loads(Path(path).read_text())


def sample(out: str, *words: str, model: str = "words") -> list[list]:
    classes = [part for word in words for part in ("--class", word)]
    run("sample", model, "--count", "3", *classes, "--temperature", "0.3", "--out", out)
    found = drawn(out)
    return found["sketches"] if isinstance(found, dict) else found


@pytest.mark.parametrize("model", ["words", "vae"])
def test_each_word_gets_a_row_that_is_what_it_would_be_alone(model: str) -> None:
    cats, saucers = (sample(f"{i}.json", word, model=model) for i, word in enumerate(("cat", "Flying_Saucer")))
    assert cats != saucers
    assert sample("both.json", "cat", "flying saucer", model=model) == [*cats, *saucers]
    assert sample("any.json", model=model) == sample("named_any.json", "any", model=model) != cats


def test_a_word_that_is_not_known_is_refused_with_the_nearest() -> None:
    said = refused("sample", "words", "--class", "catt")
    assert "--class catt: words does not know it; did you mean 'cat'?" in said
    assert str(Path("checkpoints")) not in said
    assert "trained without words" in refused("sample", "plain", "--class", "cat")


def test_an_interpolation_goes_from_one_word_to_another() -> None:
    np.save("a.npy", np.array([[9, 0, 0], [0, 9, 0], [-9, 0, 1]], np.float32))
    both = ["interpolate", "vae", "a.npy", "a.npy", "--steps", "3", "--temperature", "0.9", "--seed", "3"]
    for out, words in (("one.json", ("cat",)), ("other.json", ("t-shirt",)), ("across.json", ("cat", "t-shirt"))):
        run(*both, *(part for word in words for part in ("--class", word)), "--out", out)
    one, other, across = (drawn(out) for out in ("one.json", "other.json", "across.json"))
    assert (across[0], across[-1]) == (one[0], other[0])
    assert one[0] != other[0]


def test_complete_and_animate_take_a_word() -> None:
    np.save("a.npy", np.array([[9, 0, 0], [0, 9, 1]], np.float32))
    run("complete", "words", "a.npy", "--class", "cat", "--count", "2", "--out", "cat.json")
    run("complete", "words", "a.npy", "--class", "t shirt", "--count", "2", "--out", "shirt.json")
    assert drawn("cat.json") != drawn("shirt.json")
    run("animate", "words", "--class", "cat", "--class", "t-shirt", "--out", "a.svg")


def test_a_drawing_is_named_by_the_probability_that_the_model_gives_it() -> None:
    sketch = np.array([[9, 0, 0], [0, 9, 0], [-9, 0, 1]], np.float32)
    np.save("a.npy", sketch)
    (found,) = json.loads(run("classify", "words", "a.npy", "--json"))
    shares = {entry["word"]: entry["probability"] for entry in found["words"]}
    assert set(shares) == set(WORDS)
    assert sum(shares.values()) == pytest.approx(1.0)
    drawer = Sketcher(load("words", Path("checkpoints")))._drawer
    scores = [
        drawer.log_likelihood(None, sketch[None] / np.array([10, 10, 1], np.float32), np.array([row]), ends=True)[0]
        for row in (1, 2, 3)
    ]
    expected = np.exp(scores) / np.exp(scores).sum()
    np.testing.assert_allclose([shares[word] for word in WORDS], expected, rtol=1e-5)
    assert "cat" in run("classify", "words", "a.npy")
    assert "plain was trained without words" in (said := refused("classify", "plain", "a.npy"))
    assert "such as quickdraw" in said
    assert refused("classify", "plain", "no_set.npz") == said


@pytest.mark.parametrize(
    "line",
    [
        "classify a.npy",
        "sample --class dog --out -",
        "animate --class dog --seconds 1 --out -",
        "complete a.npy --class dog --count 1 --out -",
    ],
)
def test_without_a_model_words_are_for_one_that_knows_some(line: str) -> None:
    np.save("a.npy", np.array([[90, 0, 0], [0, 90, 0], [-90, 0, 0], [0, -90, 1]], np.float32))
    command, *words = line.split()
    named = CliRunner().invoke(cli.app, [command, "quickdraw", *words], catch_exceptions=False)
    meant = CliRunner().invoke(cli.app, [command, *words])
    assert (meant.exit_code, meant.stdout_bytes) == (0, named.stdout_bytes)
    assert [line for line in meant.stderr.splitlines() if "model" in line and "doodle_cat knows no words" in line]
    assert "knows no words" not in named.stderr


def test_of_a_data_set_it_is_counted_what_the_drawing_engine_would_name() -> None:
    rng = np.random.default_rng(0)
    sketches = [np.concatenate([rng.integers(-30, 30, (5, 2)), np.zeros((5, 1))], 1).astype(np.int16) for _ in range(8)]
    labels = np.array([0, 1, 0, 1, 1, 0, 1, 0])
    splits = {"train": sketches[:1], "valid": [], "test": sketches}
    data = {"train": labels[:1], "valid": [], "test": labels}
    archive.write(Path("datasets/two.npz"), splits, "made", ["t-shirt", "dog"], data)
    (counted,) = json.loads(run("classify", "words", "two", "--json"))
    sketcher = Sketcher(load("words", Path("checkpoints")))
    mine = [sketcher.classify([sketch.astype(np.float32)], 1)[0][0][0] for sketch in sketches]
    right = [word == "t-shirt" for word, label in zip(mine, labels, strict=True) if label == 0]
    assert counted["drawings"] == 4  # The model knows no dog.
    assert counted["top_1"] == np.mean(right)
    assert counted["top_5"] == 1.0


def test_with_a_readout_both_engines_weigh_the_likeliest_words_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from sketchrnn_cli.training.classifying import name_all

    monkeypatch.setattr(readout, "SHORTLIST", 2)
    plain, rng = load("words", Path("checkpoints")), np.random.default_rng(3)
    fitted = Readout(rng.normal(size=(32, 3)).astype(np.float32), np.zeros(3, np.float32))
    checkpoint.release(Path("checkpoints/read"), plain.sidecar, plain.weights, readout=fitted)
    model = load("read", Path("checkpoints"))
    sketches = [np.concatenate([rng.integers(-30, 30, (5, 2)), np.zeros((5, 1))], 1).astype(np.int16) for _ in range(6)]
    splits, labels = dict.fromkeys(("train", "valid", "test"), sketches), np.zeros(6, int)
    archive.write(Path("six.npz"), splits, "made", ["cat"], dict.fromkeys(splits, labels))
    named = {one.sketch: one.order.tolist() for one in name_all(model, archive.load(Path("six.npz")), "test", 6, 0)}
    drawer, scale = Drawer(model.hparams, model.weights), np.array([10.0, 10.0, 1.0], np.float32)
    for number, sketch in enumerate(sketches):
        given = sketch / scale
        log_q = mixture.log_softmax(np, drawer.pooled(None, [given])[0] @ model.readout.kernel)
        two = np.argsort(-log_q)[:2]
        score = 0.5 * drawer.log_likelihood(None, given, two.astype(np.int32) + 1, ends=True) + log_q[two]
        share = np.exp(score - score.max()) / np.exp(score - score.max()).sum()
        order = np.argsort(-score)
        assert named[number] == two[order].tolist()
        ((*found,),) = Sketcher(model).classify([sketch.astype(np.float32)], 2)
        assert [word for word, _ in found] == [WORDS[row] for row in two[order]]
        np.testing.assert_allclose([p for _, p in found], share[order], rtol=1e-4)
    assert len(Sketcher(model).classify([sketches[0].astype(np.float32)], 3)[0]) == 3


def test_one_outlier_counts_as_little_in_a_data_set_as_in_a_drawing() -> None:
    from sketchrnn_cli.training.classifying import name_all

    rng = np.random.default_rng(1)
    sketches = [np.concatenate([rng.integers(-30, 30, (6, 2)), np.zeros((6, 1))], 1).astype(np.int16) for _ in range(6)]
    for sketch in sketches:
        sketch[3, 0] = 9000
    splits, labels = dict.fromkeys(("train", "valid", "test"), sketches), np.zeros(6, int)
    archive.write(Path("far.npz"), splits, "made", ["cat"], dict.fromkeys(splits, labels))
    model = load("words", Path("checkpoints"))
    named = name_all(model, archive.load(Path("far.npz")), "test", 6, 0)
    drawn = Sketcher(model).classify([sketch.astype(np.float32) for sketch in sketches], 3)
    expected = [[word for word, _ in found] for found in drawn]
    assert {one.sketch: [WORDS[row] for row in one.order] for one in named} == dict(enumerate(expected))
