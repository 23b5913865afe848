"""`sketchrnn train` as a user meets it: what it refuses, and what no accident may take."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from typed import typed

from sketchrnn_cli.data import archive, doodles
from sketchrnn_cli.store import names, runs

TINY = "--enc-rnn-size 4 --dec-rnn-size 8 --z-size 2 --set num_mixture=2 --set buckets=1 --batch-size 8 --device cpu"

CHILD = """
import sys
from sketchrnn_cli import cli
for line in sys.argv[1:]:
    sys.argv = ["sketchrnn", *line.split()]
    try:
        cli.main()
    except SystemExit as left:
        print(f"exit {left.code}", file=sys.stderr, flush=True)
"""

REFUSED = {
    "train": (2, "no data set given"),
    "train a.npz --resume a": (4, "no checkpoint 'a'"),
    "train a.npz --backend torch": (2, "expected auto, tensorflow, jax"),
    "train a.npz --minutes 0": (2, "--minutes 0.0: expected more than 0"),
    "train a.npz --epochs 1 --minutes 1": (2, "give one"),
    "train a.npz --initial-epoch 3 --steps 2": (2, "--initial-epoch needs --from"),
    "train a.npz --learning-rate 1e-7": (2, "below its floor, min_learning_rate"),
    "train a.npz --set zsize=4": (2, "no hyperparameter 'zsize'; did you mean 'z_size'?"),
    "train a.npz --set z_size": (2, "expected name=value"),
    "train a.npz --learning-rate 0": (2, "learning_rate: expected more than 0"),
    "train a.npz --learning-rate nan": (2, "learning_rate: expected a finite number"),
    "train a.npz --device tpu": (2, "expected auto, cpu, gpu"),
    f"train a.npz --epochs 1 --steps 1 --name both {TINY}": (2, "give one"),
    f"train a.npz --steps 0 --name none {TINY}": (2, "--steps 0: expected more than 0"),
    f"train a.npz --steps 1 --name ../up {TINY}": (2, "a plain name is needed"),
    f"train a.npz --steps 1 --max-seq-len 3 {TINY}": (3, "no sketch to train on has at most max_seq_len = 3"),
    "train nowhere.npz --steps 1": (3, "nowhere.npz"),
    "train axe --steps 1": (3, "sketchrnn dataset download axe"),
    "train --resume nothing": (4, "no checkpoint 'nothing'"),
    "train --resume doodle_cat": (4, "start from it with --from"),
    f"train a.npz --steps 1 --from doodle_cat {TINY}": (4, "has another architecture"),
}


def alone(folder: Path, *lines: str, before: str) -> list[tuple[int, str]]:
    """Run command lines in one new process; return the exit code and the messages of each."""
    command = [sys.executable, "-c", before + CHILD, *lines]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    parts = re.split(r"^exit (\d+)\n", done.stderr, flags=re.MULTILINE)
    return [(int(code), said) for said, code in zip(parts[::2], parts[1::2], strict=False)]


def sketchrnn(folder: Path, *lines: str) -> list[tuple[int, str]]:
    """Run command lines; return the exit code and the messages of each."""
    return [(done.code, done.stderr) for done in typed(folder, *lines)]


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    ending = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        signal.signal(signal.SIGXFSZ, ending)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    archive.write(tmp_path / "a.npz", doodles.doodles("cat", 20, 0), "made by a test")
    return tmp_path


def test_what_cannot_be_trained_is_refused_in_one_line(folder: Path) -> None:
    for (line, (code, words)), (found, said) in zip(REFUSED.items(), sketchrnn(folder, *REFUSED), strict=True):
        assert (found, said.count("\n")) == (code, 1), (line, said)
        assert words in said, line
    assert sorted(path.name for path in folder.iterdir() if path.name != ".cache") == ["a.npz"]


@pytest.mark.skipif(sys.platform == "win32", reason="this system cannot limit the size of a file")
def test_a_disk_that_fills_during_a_save_leaves_the_last_checkpoint(folder: Path) -> None:
    ((begun, said),) = sketchrnn(folder, f"train a.npz --name run --steps 2 {TINY}")
    assert begun == 0, said
    before = {path: path.read_bytes() for path in folder.rglob("steps/**/*") if path.is_file()}
    with no_file_beyond(4000):
        ((code, said),) = sketchrnn(folder, "train --resume run --steps 4")
    assert code == 4
    assert "cannot be saved" in said
    assert {path: path.read_bytes() for path in folder.rglob("steps/**/*") if path.is_file()} == before
    ((code, said),) = sketchrnn(folder, "train --resume run --steps 4")
    assert code == 0, said
    assert runs.read_run(folder / "checkpoints/run").last == "000004"


def test_changed_data_is_named_and_force_goes_on_with_it(folder: Path) -> None:
    ((_, said),) = sketchrnn(folder, f"train a.npz --name run --steps 2 {TINY}")
    assert "made by a test" in said
    archive.write(folder / "a.npz", doodles.doodles("guitar", 20, 0), "made by a test")
    lines = [f"train --resume run --steps 4{force}" for force in ("", " --force", "")]
    (refused, said), (forced, _), (again, _) = sketchrnn(folder, *lines)
    assert (refused, forced, again) == (3, 0, 0)  # The run has the new data's hash by then.
    assert "changed since the run began" in said


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no SIGTERM to catch")
def test_a_run_that_is_told_to_end_saves_first(folder: Path) -> None:
    command = [sys.executable, "-m", "sketchrnn_cli", "train", "a.npz", "--name", "run", "--steps", "100000"]
    with subprocess.Popen(
        [*command, *TINY.split()], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        for line in process.stderr:
            if line.startswith("epoch "):
                process.send_signal(signal.SIGTERM)
                break
        said = process.stderr.read()
    assert process.returncode == 130
    assert "resume with: sketchrnn train --resume run" in said
    assert 0 < int(runs.read_run(folder / "checkpoints/run").last) < 100000


def test_a_run_from_other_weights_begins_with_them_and_at_the_epoch_asked_for(folder: Path) -> None:
    lines = [
        f"train a.npz --name first --epochs 1 {TINY}",
        f"train a.npz --name second --from first --initial-epoch 10 --epochs 11 {TINY} --learning-rate 1e-9 "
        "--set min_learning_rate=0",
    ]
    for code, said in sketchrnn(folder, *lines):
        assert code == 0, said
    first, second = (names.load(f"{name}@last", folder / "checkpoints") for name in ("first", "second"))
    assert second.sidecar.epoch == 11
    moved = max(np.abs(value - first.weights[name]).max() for name, value in second.weights.items())
    assert 0 < moved < 1e-4


@pytest.mark.parametrize(("name", "words"), [("Jax", "KERAS_BACKEND=Jax"), ("torch", "KERAS_BACKEND=torch")])
def test_a_backend_that_cannot_train_is_one_line(folder: Path, name: str, words: str) -> None:
    before = f"import os; os.environ['KERAS_BACKEND'] = '{name}'"
    ((code, said),) = alone(folder, f"train a.npz --steps 1 {TINY}", before=before)
    assert (code, said.count("\n")) == (2, 1)
    assert words in said
    assert "tensorflow or jax" in said


def test_names_are_checked_before_a_framework_is_imported(folder: Path) -> None:
    before = "import sys; sys.modules['keras'] = sys.modules['tensorflow'] = sys.modules['jax'] = None"
    lines = ["train nowhere.npz", "train --resume nothing", "train a.npz --from nothing", "train a.npz --name ../up"]
    assert [code for code, _ in alone(folder, *lines, before=before)] == [3, 4, 4, 2]


def test_logs_that_cannot_be_written_are_said_once_and_stop_nothing(folder: Path) -> None:
    run = folder / "checkpoints/run"
    run.mkdir(parents=True)
    ((code, said),) = sketchrnn(folder, f"train a.npz --name run --steps 2 {TINY}")
    assert code == 0, said
    (run / "log.csv").unlink()
    (run / "log.csv").mkdir()
    shutil.rmtree(run / "tensorboard")
    (run / "tensorboard").write_text("")
    ((code, said),) = sketchrnn(folder, "train --resume run --steps 4")
    assert code == 0, said
    assert said.count("log.csv: cannot be written") == said.count("tensorboard: cannot be written") == 1
    (run / "log.csv").rmdir()
    (run / "log.csv").write_bytes(b"step\n\xff\n")
    ((code, said),) = sketchrnn(folder, "train --resume run --steps 6")
    assert code == 0, said


def test_a_released_folder_is_no_run_and_the_next_name_is_free(folder: Path) -> None:
    released = folder / "checkpoints/a"
    shutil.copytree(names.find("cat", folder / "checkpoints"), released)
    before = {path.name: path.read_bytes() for path in released.iterdir()}
    lines = [f"train a.npz --steps 2 --force {TINY}", f"train a.npz --steps 2 --name a --force {TINY}"]
    (code, said), (refused, why) = sketchrnn(folder, *lines)
    assert (code, refused) == (0, 2), said + why
    assert "never replaces" in why
    assert runs.read_run(folder / "checkpoints/a-2").last == "000002"
    assert {path.name: path.read_bytes() for path in released.iterdir()} == before


def test_keras_settings_of_other_programs_and_a_platform_that_is_not_there_are_no_traceback(folder: Path) -> None:
    (folder / "keras.json").write_text('{"floatx": "float16", "backend": "torch"}')
    ((code, said),) = alone(
        folder, f"train a.npz --steps 1 {TINY}", before=f"import os; os.environ['KERAS_HOME'] = {str(folder)!r}"
    )
    assert code == 0, said
    pytest.importorskip("jax", reason="JAX is not installed")
    before = "import os; os.environ.update(KERAS_BACKEND='jax', JAX_PLATFORMS='cuda')"
    tiny = TINY.replace(" --device cpu", "")
    ((code, said),) = alone(folder, f"train a.npz --steps 1 --name other {tiny}", before=before)
    assert (code, said.count("sketchrnn: ")) == (5, 1), said
    assert "JAX_PLATFORMS=cuda" in said
