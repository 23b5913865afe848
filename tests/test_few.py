"""The recipe for few drawings: what it asks for, what overrides it, what a tuned model says of its copies."""

import re
from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli import caches, cli, copies, few
from sketchrnn_cli.data import archive, doodles
from sketchrnn_cli.data.dataset import FEW
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import aggregate, choosing
from sketchrnn_cli.model.inference import Drawer
from sketchrnn_cli.model.sampling import TAME
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.sketching import CANDIDATE_STRIDE, Sketcher
from sketchrnn_cli.store import checkpoint, names, runs
from sketchrnn_cli.store.checkpoint import Sidecar

WORDS = ("cat", "dog", "fish")
BASE = HParams(
    conditional=False, dec_model="transformer", dec_rnn_size=16, dec_layers=1, dec_heads=2, dec_mlp_size=8,
    class_size=4, num_classes=3, num_mixture=2, max_seq_len=200, cosine_decay_steps=9000, weight_decay=0.05,
    transformer_dropout=0.15,
)  # fmt: skip


@pytest.mark.parametrize(("drawings", "steps"), [(1, 150), (10, 150), (20, 200), (45, 250), (100, 300), (300, 300)])
def test_steps_grow_with_the_drawings(drawings: int, steps: int) -> None:
    assert few.recipe(BASE, drawings).steps == steps
    assert few.recipe(HParams(), drawings).steps == 2 * steps


def test_the_model_stays_what_it_is_and_its_schedule_does_not() -> None:
    found = few.recipe(BASE, 20, words=1)
    kept = ("dec_rnn_size", "dec_layers", "num_mixture", "max_seq_len", "transformer_dropout", "log_sigma_floor")
    assert all(getattr(found.hparams, name) == getattr(BASE, name) for name in kept)
    assert (found.hparams.cosine_decay_steps, found.hparams.weight_decay, found.hparams.decay_rate) == (0, 0.0, 1.0)
    assert (found.hparams.mirror_prob, found.sampling) == (0.5, TAME)
    assert found.hparams.kl_weight_start == BASE.kl_weight
    said = few.summary(20, found.hparams, found.steps)
    assert "20 drawings are few: 200 steps at rate 0.0006 in batches of 10, distorted and mirrored anew" in said
    assert "--like-mine" in said


def test_like_mine_mirrors_nothing() -> None:
    found = few.recipe(BASE, 20, like_mine=True)
    assert (found.hparams.mirror_prob, found.sampling) == (0.0, TAME)
    assert found.hparams.page_warp == few.recipe(BASE, 20).hparams.page_warp > 0
    assert "mirrored" not in few.summary(20, found.hparams, None)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model of words and twelve cats."""
    monkeypatch.setenv(caches.HOME, str(tmp_path / "user"))
    monkeypatch.chdir(tmp_path)
    checkpoint.release(tmp_path / "base", Sidecar(BASE, 30.0, 255.0, words=WORDS), initialize(BASE))
    cats = doodles.doodles("cat", 15, 0)["train"][:12]
    archive.write(tmp_path / "mine.npz", {"train": cats, "valid": [], "test": []}, "made by a test")
    return tmp_path


def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str) -> tuple[int, str]:
    """Type a command; return the exit code and what it said on stderr."""
    monkeypatch.setattr("sys.argv", ["sketchrnn", *line.split()])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0), " ".join(capsys.readouterr().err.split())


def test_a_model_is_taught_a_new_word_and_says_what_it_copies(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in (here / "base").iterdir()}
    code, said = typed(monkeypatch, capsys, "train mine.npz --from base --steps 2 --batch-size 6 --set page_warp=3")
    assert code == 0, said
    assert re.search(r"12 drawings are few: 2 steps at rate 0.0006 in batches of 6, distorted and mirrored anew", said)
    assert {path.name: path.read_bytes() for path in (here / "base").iterdir()} == before
    tuned = names.load("mine")
    assert (tuned.sidecar.step, tuned.sidecar.words, tuned.sidecar.sampling) == (2, ("mine",), TAME)
    hparams = tuned.hparams
    assert (hparams.batch_size, hparams.page_warp, hparams.stroke_jitter, hparams.ema_decay) == (6, 3.0, 4.0, 0.98)
    assert runs.read_run(here / "checkpoints" / "mine").schedule.steps == 2
    code, said = typed(monkeypatch, capsys, "sample mine --count 3 --out a.svg")
    assert (code, "of 3 near a drawing that the model was trained on" in said) == (0, True)
    assert (tuned.sidecar.base, tuned.sidecar.base_sha256) == ("base", names.load("base").sidecar.weights_sha256)
    training = [*archive.load(here / "mine.npz").train]
    assert copies.near_training(tuned.folder, [training[0], training[5] * [-1, 1, 1], np.ones((3, 3))]).tolist() == [
        True,
        True,
        False,
    ]
    assert copies.near_training(here / "base", training) is None
    (here / "mine.npz").unlink()
    assert copies.near_training(tuned.folder, training) is None


@pytest.mark.parametrize("line", ["train mine.npz --like-mine --steps 1", "train many.npz --from base --new --steps 1"])
def test_like_mine_and_new_are_refused_where_they_mean_nothing(
    line: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    square = np.float32([[9, 0, 0], [0, 9, 0], [-9, 0, 1]])
    archive.write(here / "many.npz", {"train": [square] * (FEW + 1), "valid": [], "test": []}, "made by a test")
    code, said = typed(monkeypatch, capsys, line)
    assert (code, "--like-mine and --new are for teaching a model" in said) == (2, True)


@pytest.fixture
def tuned(here: Path) -> Path:
    """The folder of a model that was tuned from `base` on the twelve cats."""
    hparams = BASE.replace(num_classes=1)
    base = names.load("base")
    sidecar = Sidecar(
        hparams, 30.0, 255.0, words=("mine",), base="base", base_sha256=base.sidecar.weights_sha256, step=1
    )
    run = runs.Run("", "", data=(str(here / "mine.npz"),))
    runs.save_step(here / "checkpoints" / "mine", run, sidecar, initialize(hparams.replace(seed=1)), {}, True, False)
    return names.find("mine")


def test_the_base_is_found_by_name_where_it_is_still_the_same(here: Path, tuned: Path) -> None:
    found = names.base_of(names.load("mine"))
    assert found is not None
    assert found.sidecar.words == WORDS
    assert names.base_of(found) is None
    (here / "base").rename(here / "checkpoints" / "base")
    assert names.base_of(names.load("mine")) is not None
    (here / "checkpoints" / "base").rename(here / "elsewhere")
    assert names.base_of(names.load("mine")) is None
    checkpoint.release(here / "base", Sidecar(BASE, 30.0, 255.0, words=WORDS), initialize(BASE.replace(seed=2)))
    assert names.base_of(names.load("mine")) is None


@pytest.mark.usefixtures("tuned")
def test_the_best_of_several_is_the_least_like_the_base_and_no_copy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sketcher = Sketcher(names.load("mine"))
    labels = np.zeros(2, np.int32)
    best = sketcher.sample(2, 0, best_of=3, labels=labels, max_points=400)
    streams = [0, CANDIDATE_STRIDE, 2 * CANDIDATE_STRIDE, 1, 1 + CANDIDATE_STRIDE, 1 + 2 * CANDIDATE_STRIDE]
    candidates = sketcher.draw(None, 6, sketcher.sampling, 0, 400, streams, labels=np.zeros(6, np.int32))
    models = [sketch / np.float32([30, 30, 1]) for sketch in candidates]
    base = Drawer(BASE, names.load("base").weights)
    drawer = Drawer(sketcher.hparams, names.load("mine").weights)
    gains = choosing.gain(drawer, base, models, np.zeros(6, np.int32), 400).reshape(2, 3)
    for row, kept in enumerate(best):
        np.testing.assert_array_equal(kept, candidates[3 * row + gains[row].argmax()])
    seen = np.zeros(6, bool)
    seen[gains[0].argmax()] = True
    monkeypatch.setattr(copies, "near_training", lambda folder, drawn: seen)
    other = sketcher.sample(2, 0, best_of=3, labels=labels, max_points=400)
    np.testing.assert_array_equal(other[0], candidates[np.argsort(gains[0])[-2]])
    np.testing.assert_array_equal(other[1], best[1])


def test_without_its_base_the_best_of_several_needs_a_word(
    here: Path, tuned: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = typed(monkeypatch, capsys, "sample mine --best-of 2 --max-points 50 --out a.svg")
    assert (code, "near a drawing" in said) == (0, True)
    (here / "base").rename(here / "elsewhere")
    code, said = typed(monkeypatch, capsys, "sample mine --best-of 2 --max-points 50 --out b.svg")
    assert (code, "name one (--class, in Python word=)" in said) == (2, True)


def test_new_drawings_of_a_tuned_vae_lie_between_its_own_while_they_are_here(here: Path) -> None:
    vae = HParams(enc_rnn_size=6, dec_rnn_size=8, z_size=4, num_mixture=2, max_seq_len=200)
    checkpoint.release(here / "vae", Sidecar(vae, 30.0, 255.0), initialize(vae))
    about = {"base": "vae", "base_sha256": names.load("vae").sidecar.weights_sha256}
    run = runs.Run("", "", data=(str(here / "mine.npz"),))
    for name, said in (("tuned", about), ("untuned", {})):
        sidecar = Sidecar(vae, 30.0, 255.0, step=1, **said)
        runs.save_step(here / "checkpoints" / name, run, sidecar, initialize(vae.replace(seed=1)), {}, True, False)
    sketcher, untuned = Sketcher(names.load("tuned")), Sketcher(names.load("untuned"))
    drawings = [*archive.load(here / "mine.npz").train]
    mine = aggregate.fit(*sketcher.encode(drawings), [0] * len(drawings))
    expected = [mine.draw(np.random.default_rng([3, i, 0])) for i in range(2)]
    np.testing.assert_array_equal(sketcher.new_latents(2, 3), expected)
    np.testing.assert_array_equal(untuned.new_latents(2, 3), untuned.random_latents(2, 3))
    (here / "mine.npz").unlink()
    gone = Sketcher(names.load("tuned"))
    np.testing.assert_array_equal(gone.new_latents(2, 3), gone.random_latents(2, 3))
