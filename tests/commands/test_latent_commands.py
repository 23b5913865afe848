"""The commands that walk the latent space, from the files a user names to the files they get."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from sketchrnn_cli.cli import app
from sketchrnn_cli.data import archive, doodles
from sketchrnn_cli.errors import CheckpointError, DataError, UsageError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.store import checkpoint
from sketchrnn_cli.store.checkpoint import Sidecar
from sketchrnn_cli.strokes.files import read_sketches, write_sketches


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two SVGs by the bundled cat, two stroke files and a data set."""
    folder = tmp_path_factory.mktemp("drawings")
    archive.write(folder / "datasets/cats.npz", doodles.doodles("cat", 4, 0), "made in a test")
    for number in range(2):
        write_sketches([doodles.doodle("cat", np.random.default_rng(number))], folder / f"{number}.npy")
    for number, name in enumerate(("a", "b")):
        run("sample", "doodle_cat", "-t", 0.4, "--seed", 5 + number, "--out", folder / f"{name}.svg")
    return folder


@pytest.fixture
def here(tmp_path: Path, drawings: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with `drawings`; the bundled cat is the model."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(drawings, tmp_path, dirs_exist_ok=True)
    return tmp_path


def run(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=True)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_interpolation_of_svg_files_makes_a_picture(here: Path) -> None:
    run("interpolate", "doodle_cat", "a.svg", "b.svg", "--steps", 10, "--out", "walk.svg")
    drawn = ElementTree.parse(here / "walk.svg").getroot()
    assert drawn.get("width") == str(10 * int(drawn.get("height") or 0))


def test_at_temperature_0_the_ends_of_a_walk_are_the_reconstructions(here: Path) -> None:
    run("interpolate", "doodle_cat", "0.npy", "cats:test:0", "--steps", 3, "-t", 0, "--out", "walk.json")
    run("reconstruct", "doodle_cat", "0.npy", "cats:test:0", "-t", 0, "--out", "again.json")
    walk, again = read_sketches(here / "walk.json"), read_sketches(here / "again.json")
    assert len(walk) == 3
    np.testing.assert_allclose(walk[0], again[0], atol=1e-2)
    np.testing.assert_allclose(walk[2], again[1], atol=1e-2)


def test_four_drawings_are_the_corners_of_a_grid(here: Path) -> None:
    corners, still = ("0.npy", "1.npy", "a.svg", "b.svg"), ("-t", 0, "--search", 0)
    run("interpolate", "doodle_cat", *corners, "--grid", "--steps", 3, *still, "--out", "grid.json")
    run("reconstruct", "doodle_cat", *corners, *still, "--out", "corners.json")
    grid, again = read_sketches(here / "grid.json"), read_sketches(here / "corners.json")
    assert len(grid) == 9
    for place, corner in zip((0, 2, 6, 8), again, strict=True):
        np.testing.assert_allclose(grid[place], corner, atol=1e-2)
    run("interpolate", "doodle_cat", *corners, "--steps", 3, *still, "--out", "unasked.json")
    assert (here / "unasked.json").read_bytes() == (here / "grid.json").read_bytes()


def test_many_inputs_make_a_sheet_of_blocks(here: Path) -> None:
    run(
        "reconstruct", "doodle_cat", *["0.npy", "1.npy"] * 8, "-t", 0, "--search", 0, "--size", 32, "--out", "sheet.svg"
    )
    text = (here / "sheet.svg").read_text()
    assert text.count(">input<") == text.count(">temperature 0<") == 2
    run("reconstruct", "doodle_cat", *["0.npy", "1.npy"] * 8, "-t", 0, "--search", 0, "--out", "again.json")
    assert len(read_sketches(here / "again.json")) == 16


def test_the_analogy_of_a_a_c_is_the_reconstruction_of_c_from_its_mean(here: Path) -> None:
    run("analogy", "doodle_cat", "0.npy", "0.npy", "1.npy", "-t", 0, "--out", "answer.npy")
    run("reconstruct", "doodle_cat", "1.npy", "-t", 0, "--search", 0, "--out", "again.npy")
    np.testing.assert_allclose(np.load(here / "answer.npy"), np.load(here / "again.npy"), atol=1e-2)


def decoded(z: np.ndarray) -> list[np.ndarray]:
    np.save("z.npy", z)
    run("sample", "doodle_cat", "--z", "z.npy", "-t", 0, "--out", "decoded.json", "--force")
    return read_sketches(Path("decoded.json"))


def encoded(*names: str) -> np.ndarray:
    return np.array(json.loads(run("encode", "doodle_cat", *names))["mu"])


@pytest.mark.parametrize("options", [(), ("--lerp",)])
def test_a_walk_is_what_lies_between_the_latents(here: Path, options: tuple[str, ...]) -> None:
    run(
        "interpolate",
        "doodle_cat",
        "0.npy",
        "1.npy",
        *options,
        "--steps",
        3,
        "-t",
        0,
        "--search",
        0,
        "--out",
        "walk.json",
    )
    start, end = encoded("0.npy", "1.npy")
    middle = (start + end) / 2
    if not options:  # The great arc's middle has the direction of the unit vectors' sum, and the mean length.
        lengths = np.linalg.norm([start, end], axis=1)
        middle = start / lengths[0] + end / lengths[1]
        middle *= lengths.mean() / np.linalg.norm(middle)
    expected = decoded(np.stack([start, middle, end]))
    for one, other in zip(read_sketches(here / "walk.json"), expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-2)


def test_along_a_walk_only_z_changes(here: Path) -> None:
    run("interpolate", "doodle_cat", "0.npy", "0.npy", "--steps", 3, "-t", 1, "--out", "walk.json")
    first, *others = read_sketches(here / "walk.json")
    for other in others:
        np.testing.assert_allclose(other, first, atol=1e-2)


def test_the_analogy_is_a_without_b_with_c(here: Path) -> None:
    run("analogy", "doodle_cat", "0.npy", "1.npy", "a.svg", "-t", 0, "--out", "answer.npy")
    a, b, c = encoded("0.npy", "1.npy", "a.svg")
    np.testing.assert_allclose(np.load(here / "answer.npy"), decoded((a - b + c)[None])[0], atol=1e-2)


@pytest.mark.parametrize(
    "words", [("reconstruct", "doodle_cat", "0.npy"), ("interpolate", "doodle_cat", "0.npy", "1.npy")]
)
def test_a_sampled_z_is_another_with_every_seed(here: Path, words: tuple) -> None:
    drawn = set()
    for number, options in enumerate([(), ("--sample-z", "--seed", 1), ("--sample-z", "--seed", 2)]):
        run(*words, "-t", 0, *options, "--out", f"{number}.json")
        drawn.add((here / f"{number}.json").read_bytes())
    assert len(drawn) == 3


@pytest.mark.parametrize("command", ["reconstruct", "interpolate", "complete", "analogy", "encode"])
def test_the_tolerance_of_an_svg_reaches_the_model(here: Path, command: str) -> None:
    inputs = {"interpolate": 2, "analogy": 3}.get(command, 1)
    temperature = () if command == "encode" else ("-t", 0)
    for epsilon in (1, 30):
        run(command, "doodle_cat", *["a.svg"] * inputs, *temperature, "--epsilon", epsilon, "--out", f"{epsilon}.json")
    assert (here / "1.json").read_bytes() != (here / "30.json").read_bytes()


def test_completing_keeps_what_was_given(here: Path) -> None:
    run("complete", "doodle_cat", "0.npy", "--keep", 20, "--count", 3, "--out", "endings.json")
    endings = read_sketches(here / "endings.json")
    for ending in endings:
        np.testing.assert_allclose(ending[:20], np.load(here / "0.npy")[:20], atol=1e-3)
    assert not np.array_equal(endings[0], endings[1])


def test_a_fraction_scales_the_beginning(here: Path) -> None:
    run("complete", "doodle_cat", "a.svg", "--fraction", 0.5, "--count", 1, "-t", 0, "--out", "half.npy")
    run("complete", "doodle_cat", "a.svg", "--count", 1, "-t", 0, "--out", "whole.npy")
    half, whole = np.load(here / "half.npy"), np.load(here / "whole.npy")
    np.testing.assert_allclose(half[:5, :2], whole[:5, :2] / 2, atol=1.0)


def test_encode_writes_what_sample_draws_from(here: Path) -> None:
    run("encode", "doodle_cat", "0.npy", "1.npy", "--sigma", "--out", "z.npy")
    assert np.load(here / "z.npy").shape == (2, 2, 128)
    printed = json.loads(run("encode", "doodle_cat", "0.npy", "1.npy"))
    np.testing.assert_allclose(printed["mu"], np.load(here / "z.npy")[0], atol=1e-6)
    run("sample", "doodle_cat", "--z", "z.npy", "-t", 0, "--out", "drawn.json")
    run("reconstruct", "doodle_cat", "0.npy", "1.npy", "-t", 0, "--search", 0, "--out", "again.json")
    for drawn, again in zip(read_sketches(here / "drawn.json"), read_sketches(here / "again.json"), strict=True):
        np.testing.assert_allclose(drawn, again, atol=1e-2)


def test_a_sheet_of_reconstructions_shows_the_inputs_above(here: Path) -> None:
    run("reconstruct", "doodle_cat", "0.npy", "a.svg", "-t", 0, "-t", 0.5, "--out", "sheet.svg")
    text = (here / "sheet.svg").read_text()
    assert all(label in text for label in ("input", "temperature 0.5"))


def test_a_drawing_and_a_morph_are_animated(here: Path) -> None:
    quick = ("--fps", 5, "--seconds", 1, "--hold", 2, "--loop", 3, "--size", 64)
    run("animate", "doodle_cat", "--input", "a.svg", *quick, "--out", "drawn.gif")
    run("animate", "doodle_cat", "--morph", "a.svg", "b.svg", "--steps", 3, *quick, "--out", "morph.gif")
    for name, frames, held in (("drawn", 5, -1), ("morph", 4, 0)):
        with Image.open(here / f"{name}.gif") as gif:
            assert gif.n_frames == frames
            assert gif.info["loop"] == 2  # Played again twice.
            gif.seek(held % frames)
            assert gif.info["duration"] == 2000


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        (
            ("interpolate", "doodle_cat", "a.svg"),
            UsageError,
            "1 drawing beside the model 'doodle_cat'; expected 2 or 4",
        ),
        (
            ("interpolate", "doodle_cat", "a.svg", "b.svg", "--grid"),
            UsageError,
            "2 drawings beside the model 'doodle_cat'; expected 4",
        ),
        (
            ("interpolate", "drawer", "a.svg", "b.svg"),
            CheckpointError,
            "drawer: a decoder-only model cannot encode drawings; use one with an encoder",
        ),
        (
            ("reconstruct", "drawer", "a.svg"),
            CheckpointError,
            "drawer: a decoder-only model cannot encode drawings; use one with an encoder",
        ),
        (("reconstruct", "doodle_cat", "a.svg", "-t", "inf"), UsageError, "temperature inf: expected 0 to 100"),
        (("reconstruct", "0.npx", "a.svg"), CheckpointError, "no checkpoint '0.npx'"),
        (
            ("analogy", "drawer", "a.svg", "b.svg", "a.svg"),
            CheckpointError,
            "drawer: a decoder-only model cannot encode drawings; use one with an encoder",
        ),
        (("analogy", "doodle_cat", "a.svg", "b.svg", "folder.svg"), DataError, "folder.svg: cannot be read"),
        (("animate", "doodle_cat", "--input", "a.svg", "--count", 2), UsageError, "--count is for new sketches"),
        (("animate", "doodle_cat", "--steps", 5), UsageError, "--steps is for --morph"),
        (("interpolate", "doodle_cat", "a.svg", "none.svg"), DataError, "none.svg: cannot be read"),
        (("interpolate", "doodle_cat", "a.svg", "cats:test:99999"), DataError, "has 1 sketch;"),
        (("reconstruct", "doodle_cat", "what"), DataError, "expected an .svg"),
        (("animate", "doodle_cat", "--input", "a.svg", "--morph", "a.svg", "b.svg"), UsageError, "give one of them"),
        (("complete", "doodle_cat", "a.svg", "--fraction", 2), UsageError, "above 0"),
        (("sample", "doodle_cat", "--z", "0.npy"), UsageError, "latent vectors of shape"),
        (("sample", "doodle_cat", "--z", "none.npy"), DataError, "holds no latent vector"),
        (("sample", "doodle_cat", "--z", "cats.npz"), DataError, "encode turns drawings into latent vectors"),
        (("sample", "doodle_cat", "--z", "0.npy", "--count", 2), UsageError, "omit --count"),
        (("sample", "drawer", "--z", "0.npy"), UsageError, "decoder-only"),
        (
            ("sample", "doodle_cat", "-t", 0.1, "-t", 0.2, "--columns", 2),
            UsageError,
            "--columns is for one temperature",
        ),
        (("sample", "doodle_cat", "-n", 10_000, "--max-points", 10_000), UsageError, "more than 5000000 at once"),
        (("encode", "drawer", "a.svg"), CheckpointError, "decoder-only model cannot encode"),
        (("reconstruct", "doodle_cat", "a.svg", "--sample-z", "--search", 4), UsageError, "--search looks for"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(here: Path, words: tuple, kind: type, message: str) -> None:
    hparams = HParams(conditional=False, dec_rnn_size=8, num_mixture=2, max_seq_len=90)
    checkpoint.release(here / "checkpoints" / "drawer", Sidecar(hparams, 30.0, 255.0), initialize(hparams))
    (here / "folder.svg").mkdir()
    np.save(here / "none.npy", np.zeros((0, 128)))
    before = sorted(here.iterdir())
    with pytest.raises(kind, match=message) as refused:
        run(*words)
    assert "\n" not in str(refused.value)
    assert sorted(here.iterdir()) == before


@pytest.mark.parametrize(
    "words",
    [
        ("interpolate", "doodle_cat", "a.svg", "b.svg", "--steps", 1),
        ("sample", "doodle_cat", "--temperature", -1),
        ("sample", "doodle_cat", "--temperature", "nan"),
        ("complete", "doodle_cat", "a.svg", "--count", 0),
    ],
)
def test_numbers_out_of_range_are_usage_errors(here: Path, words: tuple) -> None:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 2
    assert "Invalid value" in result.output
    assert not list(here.glob("cat-*"))
