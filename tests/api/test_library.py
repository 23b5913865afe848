"""The public names: what they promise, and that the command line draws the same."""

import inspect
import subprocess
import sys
import typing
import warnings
from pathlib import Path

import numpy as np
import pytest

import sketchrnn_cli as sketchrnn
from sketchrnn_cli import latent
from sketchrnn_cli.data import archive, doodles
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.store.checkpoint import Sidecar, release

SQUARE = np.float32([[60, 0, 0], [0, 60, 0], [-60, 0, 0], [0, -60, 1]])


@pytest.fixture(scope="module")
def model() -> sketchrnn.Model:
    return sketchrnn.load("doodle_cat")


@pytest.fixture(scope="module")
def cats() -> list[np.ndarray]:
    return [doodles.doodle("cat", np.random.default_rng(number)) for number in range(4)]


def run(code: str, cwd: Path, *arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments, "-c", code], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_eight_names_are_public_documented_and_typed() -> None:
    assert sketchrnn.__all__ == [
        "DataSet",
        "HParams",
        "Model",
        "SketchRNNError",
        "draw",
        "load",
        "read_sketch",
        "train",
    ]
    assert (Path(sketchrnn.__file__).parent / "py.typed").is_file()
    for name in sketchrnn.__all__:
        public = getattr(sketchrnn, name)
        assert inspect.getdoc(public), name
        members = [public] if not inspect.isclass(public) else [
            member for key, member in vars(public).items() if not key.startswith("_") and inspect.isfunction(member)
        ]  # fmt: skip
        for member in members:
            assert inspect.getdoc(member), member
            if inspect.isfunction(member):
                assert "return" in member.__annotations__, member


def test_an_unknown_name_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Sketcher'"):
        typing.cast(typing.Any, sketchrnn).Sketcher  # noqa: B018
    assert set(sketchrnn.__all__) <= set(dir(sketchrnn))


def test_importing_the_library_imports_nothing_heavy(tmp_path: Path) -> None:
    heavy = ("numpy", "keras", "tensorflow", "jax", "PIL", "typer", "rich", "httpx")
    assert run(f"import sys, sketchrnn_cli; print([x for x in {heavy} if x in sys.modules])", tmp_path) == "[]\n"


def test_python_draws_what_the_command_line_draws(tmp_path: Path, model: sketchrnn.Model) -> None:
    sketchrnn.draw(model.sample(3, seed=5), tmp_path / "python.svg")
    command = [
        sys.executable,
        "-m",
        "sketchrnn_cli",
        "sample",
        "doodle_cat",
        "-n",
        "3",
        "--seed",
        "5",
        "--out",
        "shell.svg",
    ]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "python.svg").read_bytes() == (tmp_path / "shell.svg").read_bytes()


def test_decoding_the_encoding_is_the_reconstruction(model: sketchrnn.Model, cats: list[np.ndarray]) -> None:
    for search in (0, 4):
        z = model.encode(cats, search=search, seed=3)
        assert z.shape == (4, model.hparams.z_size)
        for decoded, again in zip(model.decode(z, seed=3), model.reconstruct(cats, search=search, seed=3), strict=True):
            np.testing.assert_array_equal(decoded, again)


def test_the_ends_of_an_interpolation_are_the_reconstructions(model: sketchrnn.Model, cats: list[np.ndarray]) -> None:
    walk, again = model.interpolate(cats[:2], 5), model.reconstruct(cats[:2])
    np.testing.assert_array_equal(walk[0], again[0])
    np.testing.assert_array_equal(walk[-1], again[1])
    assert len(walk) == 5
    assert len(model.interpolate(cats, 3)) == 9
    with pytest.raises(sketchrnn.SketchRNNError, match="give two for a row"):
        model.interpolate(cats[:3])


def test_every_ending_begins_as_it_was_begun(model: sketchrnn.Model, cats: list[np.ndarray]) -> None:
    beginning = cats[0][:12]
    endings = model.complete(beginning, 3)
    assert len(endings) == 3
    for ending in endings:
        np.testing.assert_array_equal(ending[:11], beginning[:11])
        assert len(ending) > 12


def test_an_analogy_is_one_sketch_of_the_combined_latents(model: sketchrnn.Model, cats: list[np.ndarray]) -> None:
    a, b, c = model.encode(cats[:3])
    np.testing.assert_array_equal(model.analogy(*cats[:3]), model.decode(latent.analogy(a, b, c))[0])


def test_sampling_an_encoding_scatters_it_around_its_mean(model: sketchrnn.Model, cats: list[np.ndarray]) -> None:
    drawn = np.stack([model.encode(cats[:1], sample=True, seed=seed)[0] for seed in range(40)])
    assert drawn.std(axis=0).mean() > 0.05
    assert np.abs(drawn.mean(axis=0) - model.encode(cats[:1])[0]).max() < 4 * drawn.std(axis=0).max() / np.sqrt(40)


def test_a_sheet_shows_itself_and_saves_itself_as_the_suffix_says(tmp_path: Path, cats: list[np.ndarray]) -> None:
    sheet = sketchrnn.draw(cats, columns=2, size=64)
    assert sheet._repr_svg_().startswith("<?xml") or sheet._repr_svg_().startswith("<svg")
    assert sheet._repr_png_()[:8] == b"\x89PNG\r\n\x1a\n"
    starts = {"a.svg": b"<", "a.png": b"\x89PNG", "a.gif": b"GIF89a", "a.webp": b"RIFF"}
    for name, start in starts.items():
        assert sheet.save(tmp_path / name, seconds=0.2, hold=0.1).read_bytes().startswith(start)
    assert sheet.save(tmp_path / "m.gif", morph=True, seconds=0.2).stat().st_size > 0
    with pytest.raises(sketchrnn.SketchRNNError, match="unknown format"):
        sheet.save(tmp_path / "a.bmp")


def test_a_drawing_is_read_as_the_commands_read_it_and_says_what_it_lost(
    tmp_path: Path, model: sketchrnn.Model, cats: list[np.ndarray]
) -> None:
    sketchrnn.draw(cats[0], tmp_path / "cat.svg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        sketch = sketchrnn.read_sketch(tmp_path / "cat.svg", model)
    side = np.ptp(np.cumsum(np.concatenate([np.zeros((1, 2)), sketch[:, :2]]), axis=0), axis=0).max()
    assert round(float(side)) == round(model.sidecar.canvas_size)
    long = np.tile(np.float32([[3, 1, 0], [-1, 4, 0]]), (model.hparams.max_seq_len, 1))
    np.save(tmp_path / "long.npy", long)
    with pytest.warns(UserWarning, match="simplified to"):
        sketchrnn.read_sketch(tmp_path / "long.npy", model)


def test_a_data_set_is_loaded_by_name_or_path(tmp_path: Path) -> None:
    archive.write(tmp_path / "squares.npz", {"train": [SQUARE] * 3, "valid": [SQUARE], "test": []}, "made here")
    for name in ("squares", tmp_path / "squares.npz"):
        found = sketchrnn.DataSet.load(name, data_dir=tmp_path)
        assert (found.name, found.provenance, len(found.train), len(found.test)) == ("squares", "made here", 3, 0)
        assert (found.max_seq_len, found.canvas_size) == (4, 60.0)
        np.testing.assert_array_equal(found.train[0], SQUARE)


def test_training_yields_reports_and_leaves_a_model_to_load(tmp_path: Path) -> None:
    archive.write(tmp_path / "squares.npz", {"train": [SQUARE] * 8, "valid": [SQUARE], "test": []}, "made here")
    code = f"""
import sketchrnn_cli as sketchrnn
small = dict(enc_rnn_size=4, dec_rnn_size=8, z_size=2, num_mixture=2, batch_size=4)
reports = list(sketchrnn.train("squares", "tiny", steps=3, data_dir={str(tmp_path)!r}, **small))
print(reports[-1].step, len(sketchrnn.load("tiny").sample(2)))
"""
    assert run(code, tmp_path).split() == ["3", "2"]


def test_few_drawings_are_taught_a_model_by_the_recipe_of_the_command(tmp_path: Path) -> None:
    hparams = sketchrnn.HParams(
        conditional=False, dec_model="transformer", dec_rnn_size=16, dec_heads=2, dec_layers=1, num_mixture=2,
        num_classes=1, class_size=4, max_seq_len=12,
    )  # fmt: skip
    release(tmp_path / "base", Sidecar(hparams, 10.0, 255.0, words=("cat",)), initialize(hparams))
    archive.write(tmp_path / "mine.npz", {"train": [SQUARE] * 8, "valid": [], "test": []}, "made here")
    code = """
import sketchrnn_cli as sketchrnn
reports = list(sketchrnn.train("mine.npz", from_="base", like_mine=True, page_warp=3.0))
tuned = sketchrnn.load("mine")
print(reports[-1].step, tuned.words, tuned.hparams.page_warp, tuned.hparams.stroke_jitter, tuned.hparams.mirror_prob)
try:
    next(sketchrnn.train("mine.npz", "other", like_mine=True))
except sketchrnn.SketchRNNError as error:
    print(error)
"""
    first, second = run(code, tmp_path).splitlines()
    assert first == "150 ('mine',) 3.0 4.0 0.0"
    assert "--like-mine and --new are for teaching" in second


def test_training_where_keras_runs_on_another_backend_is_one_clear_error(tmp_path: Path) -> None:
    code = """
import os, sys, types
keras = types.ModuleType("keras"); keras.backend = types.SimpleNamespace(backend=lambda: "torch")
sys.modules["keras"] = keras
import sketchrnn_cli as sketchrnn
try:
    next(sketchrnn.train("cat"))
except sketchrnn.SketchRNNError as error:
    print(error)
"""
    assert "Keras already runs on torch" in run(code, tmp_path)


def test_a_model_with_words_draws_completes_and_names_by_them(tmp_path: Path) -> None:
    hparams = sketchrnn.HParams(
        conditional=False, dec_model="transformer", dec_rnn_size=16, dec_heads=2, dec_layers=1, num_mixture=2,
        num_classes=2, class_size=4, max_seq_len=12,
    )  # fmt: skip
    sidecar = Sidecar(hparams, 10.0, 255.0, words=("cat", "tree house"))
    release(tmp_path / "named", sidecar, initialize(hparams))
    named = sketchrnn.load(tmp_path / "named")
    assert named.words == ("cat", "tree house")
    apart = [named.sample(2, word=word, seed=1, temperature=0.9) for word in (None, "cat", "tree house")]
    assert not any(np.array_equal(a[0], b[0]) for a, b in zip(apart, [*apart[1:], apart[0]], strict=True))
    assert len(named.complete(SQUARE[:2], 2, word="cat")) == 2
    [names] = named.classify([SQUARE], 2)
    assert {word for word, _ in names} == {"cat", "tree house"}
    assert sum(p for _, p in names) == pytest.approx(1.0)
    with pytest.raises(sketchrnn.SketchRNNError, match="did you mean"):
        named.sample(word="treehouse")
