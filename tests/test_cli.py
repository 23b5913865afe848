"""The command line as a user meets it: a process, its exit code, its two streams."""

import subprocess
import sys

import numpy as np
import pytest
from typed import typed
from typer.main import get_command

from sketchrnn_cli import hparams
from sketchrnn_cli.cli import app
from sketchrnn_cli.data import archive, doodles


def sketchrnn(*words, cwd):
    return subprocess.run(
        [sys.executable, "-m", "sketchrnn_cli", *map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=300
    )


def imported(code, cwd):
    """Run code, and return the modules that it loaded."""
    script = f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], cwd=cwd, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def commands(command=None, path=()):
    """Yield the words of every command and group."""
    command = command or get_command(app)
    yield path
    for name, sub in getattr(command, "commands", {}).items():
        yield from commands(sub, (*path, name))


ALL = list(commands())
LEAVES = [path for path in ALL if not any(other[: len(path)] == path and other != path for other in ALL)]


@pytest.fixture(scope="module")
def loaded_by_help(tmp_path_factory):
    """The modules that are loaded after each command's help, one after another in a process."""
    script = (
        "import contextlib, io, sys\n"
        "from sketchrnn_cli.cli import main\n"
        f"for path in {ALL}:\n"
        "    sys.argv = ['sketchrnn', *path, '--help']\n"
        "    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "        main()\n"
        "    print(*sys.modules)\n"
    )
    command, folder = [sys.executable, "-c", script], tmp_path_factory.mktemp("help")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return dict(zip(ALL, map(str.split, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_is_instant(path, loaded_by_help):
    assert not {"numpy", "keras", "tensorflow", "jax", "httpx", "PIL"} & set(loaded_by_help[path])


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_help_ends_with_an_example_of_the_command(path):
    command = get_command(app)
    for name in path:
        command = command.commands[name]
    assert f"Example: sketchrnn {' '.join(path)}" in command.help


def test_drawing_never_loads_a_training_framework(tmp_path):
    code = "sys.argv = 'sketchrnn sample cat --out a.svg'.split(); from sketchrnn_cli.cli import main; main()"
    loaded = imported(code, tmp_path)
    assert (tmp_path / "a.svg").exists()
    assert not loaded & {"keras", "tensorflow", "jax", "imageio", "cairosvg"}


def test_the_bundled_doodle_cat_is_animated_where_there_is_nothing_else(tmp_path):
    done = sketchrnn("animate", "--out", "cat.gif", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "cat.gif\n")
    assert done.stderr.startswith("model: doodle_cat ")
    assert (tmp_path / "cat.gif").read_bytes().startswith(b"GIF89a")


def test_the_same_seed_draws_the_same_bytes(tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        assert (
            sketchrnn("sample", "doodle_cat", "-n", 3, "--seed", seed, "--out", f"{name}.svg", cwd=tmp_path).returncode
            == 0
        )
    a, b, c = ((tmp_path / f"{name}.svg").read_bytes() for name in "abc")
    assert a == b != c


def test_an_existing_output_is_left_alone(tmp_path):
    (tmp_path / "a.svg").write_text("mine")
    done = sketchrnn("sample", "doodle_cat", "--out", "a.svg", cwd=tmp_path)
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert (tmp_path / "a.svg").read_text() == "mine"
    assert sketchrnn("sample", "doodle_cat", "--out", "a.svg", "--force", cwd=tmp_path).returncode == 0
    assert (tmp_path / "a.svg").read_text() != "mine"


def bad_archives(folder):
    """Make the files that users really bring."""
    sketch = np.array([[1, 2, 0], [3, 4, 1]], dtype=np.int16)
    good = {"train": [sketch] * 9, "valid": [sketch], "test": [sketch]}
    archive.write(folder / "good.npz", good, "made in a test")
    (folder / "html.npz").write_text("<!DOCTYPE html><title>Sign in</title>")
    (folder / "truncated.npz").write_bytes((folder / "good.npz").read_bytes()[:300])
    (folder / "empty.npz").write_bytes(b"")
    for name, change in {
        "two_columns": [sketch[:, :2]] * 9,
        "nan": [np.array([[np.nan, 0, 1]])],
        "no_points": [sketch[:0]],
        "no_training": [],
    }.items():
        archive.write(folder / f"{name}.npz", good | {"train": change}, "made in a test")
    np.savez(folder / "other_keys.npz", x=np.zeros(3))
    return ["html", "truncated", "empty", "two_columns", "nan", "no_points", "no_training", "other_keys", "absent"]


def test_bad_data_gives_one_line_and_exit_code_3(tmp_path):
    for name in bad_archives(tmp_path):
        (done,) = typed(tmp_path, f"dataset inspect {name}.npz")
        assert done.code == 3, (name, done)
        assert done.stderr.startswith(f"sketchrnn: {name}.npz"), done.stderr
        assert done.stderr.count("\n") == 1


def test_a_missing_checkpoint_is_exit_code_4(tmp_path):
    done = sketchrnn("sample", "nobody", "--out", "a.svg", cwd=tmp_path)
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_no_disk_can_hold_is_exit_code_2(tmp_path):
    done = sketchrnn("sample", "cat" * 2000, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "no name can be that long" in done.stderr


def test_a_bad_hyperparameter_is_exit_code_2(tmp_path):
    done = sketchrnn("train", "x", "--set", "zsize=4", cwd=tmp_path)
    assert done.returncode == 2
    assert "did you mean 'z_size'?" in done.stderr


def test_training_from_nothing_to_a_drawing(tmp_path):
    tiny = "--enc-rnn-size 8 --dec-rnn-size 16 --z-size 4 --batch-size 10 --set buckets=1"
    made, trained, again, resumed, drawn, info, measured = typed(
        tmp_path,
        "dataset doodle cat guitar --count 30",
        f"train doodle_cat doodle_guitar --name pets --epochs 1 {tiny}",
        "train doodle_cat --name pets",
        "train --resume pets --epochs 2",
        "sample --out pets.png",
        "checkpoint info pets@last --json",
        "evaluate pets --split test --json --per-sketch worst.csv",
    )
    assert made.code == 0
    assert trained.code == 0, trained.stderr
    assert "60 training" in trained.stderr
    assert "drawn by a program" in trained.stderr
    assert (tmp_path / "checkpoints/pets/log.csv").read_text().count("\n") == 3
    assert again.code == 2
    assert resumed.code == 0, resumed.stderr
    assert "model: pets@best" in drawn.stderr
    assert (tmp_path / "pets.png").read_bytes().startswith(b"\x89PNG")
    assert '"step": 12' in info.stdout
    assert measured.code == 0, measured.stderr
    assert '"L_KL"' in measured.stdout
    assert (tmp_path / "worst.csv").read_text().count("\n") == 3


def test_every_hyperparameter_can_be_set_and_read_back():
    defaults = hparams.HParams().as_dict()
    settings = [f"{name}={value}" for name, value in defaults.items()]
    assert hparams.HParams().with_settings(settings).as_dict() == defaults


def test_doodles_are_listed_where_one_is_misspelt(tmp_path):
    done = sketchrnn("dataset", "doodle", "gitar", cwd=tmp_path)
    assert done.returncode == 2
    assert all(name in done.stderr for name in doodles.NAMES)
