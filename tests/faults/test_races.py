"""Processes at the same files at once: each finds them whole, or is told in one line that another has them."""

import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from studio_server import Server, drawing, tiny_checkpoint

from sketchrnn_cli.data import archive, doodles
from sketchrnn_cli.store import names, runs
from sketchrnn_cli.studio.collection import Collection
from sketchrnn_cli.studio.models import Models

TINY = (
    "--enc-rnn-size", "4", "--dec-rnn-size", "4", "--z-size", "2", "--batch-size", "5", "--set", "num_mixture=1",
    "--set", "buckets=1", "--steps", "1000000", "--save-every", "0", "--validate-every", "5",
)  # fmt: skip
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps open files from removal, and has no flock")
READS = 300
AT_ONCE = 4


def start(cwd: Path, *words: str | Path, **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "sketchrnn_cli", *map(str, words)], cwd=cwd, env={**os.environ, **environment},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def end(process: subprocess.Popen) -> tuple[int, str, str]:
    """Return exit code, stdout, and what it says is wrong."""
    out, said = process.communicate(timeout=240)
    assert "Traceback" not in said, said
    wrong = [line for line in said.splitlines() if line.startswith("sketchrnn:")]
    assert len(wrong) == (process.returncode != 0), said
    return process.returncode, out, "".join(wrong)


@contextmanager
def training(folder: Path, data: Path) -> Iterator[subprocess.Popen]:
    """A process that trains and saves as often as it can, from its first save on."""
    with (folder / "said.txt").open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "sketchrnn_cli", "train", str(data), "--name", "run", *TINY],
            cwd=folder, stdout=said, stderr=said,
        )  # fmt: skip
    try:
        while not (folder / "checkpoints" / "run" / "run.json").is_file():
            assert process.poll() is None, (folder / "said.txt").read_text()
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


@POSIX
def test_a_run_that_trains_is_read_whole_kept_from_others_and_missed_when_it_is_gone(tmp_path: Path) -> None:
    archive.write(tmp_path / "a.npz", doodles.doodles("cat", 30, 0), "made for a test")
    kept = tmp_path / "checkpoints"
    with training(tmp_path, tmp_path / "a.npz") as trained:
        others = [start(tmp_path, "checkpoint", "info", "run"), start(tmp_path, "runs")]
        models = Models([], kept)  # The step that it finds now is gone when the page asks for it.
        steps = set()
        while len(steps) < 5:
            for _ in range(READS):
                steps.add(names.load("run@last", kept).sidecar.step)
                names.load(None, kept)
        assert models.files("run@best").weights
        others += [start(tmp_path, "train", "--resume", "run"), start(tmp_path, "train", "a.npz", "--name", "run")]
        info, listed, resumed, named = (end(other) for other in others)
        assert info[0] == listed[0] == 0
        assert (resumed[0], named[0]) == (4, 2)
        assert "another process is training this run" in resumed[2]
        assert trained.poll() is None
        while (kept / "run").exists():  # A save may put something into what is being removed.
            shutil.rmtree(kept / "run", ignore_errors=True)
        assert trained.wait(timeout=240) == 4
    said = (tmp_path / "said.txt").read_text()
    assert "Traceback" not in said
    assert [line for line in said.splitlines() if line.startswith("sketchrnn:")] == [
        "sketchrnn: checkpoints/run: removed or replaced during training; nothing is saved; train again"
    ]


def test_of_two_trainings_of_one_name_that_begin_together_one_goes_on(tmp_path: Path) -> None:
    archive.write(tmp_path / "a.npz", doodles.doodles("cat", 30, 0), "made for a test")
    few = [word if word != "1000000" else "4" for word in TINY]
    both = [end(start) for start in [start(tmp_path, "train", "a.npz", "--name", "run", *few) for _ in range(2)]]
    assert sorted(code for code, _, _ in both) in ([0, 2], [0, 4])
    assert runs.read_run(tmp_path / "checkpoints" / "run").last == "000004"
    assert names.load("run@last", tmp_path / "checkpoints").sidecar.step == 4


def test_two_studios_on_one_file_lose_no_drawing_and_both_count_all(tmp_path: Path) -> None:
    ckpt, path = tiny_checkpoint(tmp_path / "tiny"), tmp_path / "mine.ndjson"
    studios = [Server(ckpt, "--data", path) for _ in range(2)]
    try:
        names_ = [f"drawing-{number}" for number in range(40)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            # Each is sent to both, as by a page that was not answered and is opened again.
            asked = [(studio, name) for name in names_ for studio in studios]
            list(pool.map(lambda one: one[0].json("POST", "/api/drawings", drawing(one[1])), asked))
        assert [studio.json("GET", "/api/state")["data"]["count"] for studio in studios] == [40, 40]
        assert sorted(json.loads(line)["id"] for line in path.read_text().splitlines()) == sorted(names_)
        assert Collection(path).count() == 40
    finally:
        assert [studio.stop(signal.SIGTERM)[1] for studio in studios] == ["Ctrl-C ends it.\n"] * 2


@contextmanager
def serving(blob: bytes) -> Iterator[str]:
    """Serve a file slowly, so that those who ask at once meet."""

    class Slow(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(blob)))
            self.end_headers()
            for part in np.array_split(np.frombuffer(blob, np.uint8), 20):
                self.wfile.write(part.tobytes())
                time.sleep(0.1)

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@POSIX
def test_of_downloads_of_one_file_at_once_all_but_one_are_told_and_it_arrives_whole(tmp_path: Path) -> None:
    archive.write(tmp_path / "a.npz", doodles.doodles("cat", 30, 0), "made for a test")
    blob = (tmp_path / "a.npz").read_bytes()
    with serving(blob) as address:
        words = ("dataset", "download", "cat", "--base-url", address)
        found = [end(process) for process in [start(tmp_path, *words) for _ in range(AT_ONCE)]]
    assert [path.name for path in (tmp_path / "datasets").iterdir()] == ["cat.npz"]
    assert (tmp_path / "datasets" / "cat.npz").read_bytes() == blob
    for code, _, wrong in found:
        assert code == 0 or (code == 7 and "another download is using it" in wrong), wrong
    assert 0 in [code for code, _, _ in found]


PREPARE = """
import sys; from pathlib import Path; from sketchrnn_cli.data import cache, prepared
cache.WORTHWHILE = 0
sys.stdin.readline()
found = prepared.prepare(Path("drawings"))
print(len(cache.load(found.archive).train), found.archive)
"""


def test_processes_that_fill_a_cache_at_once_all_find_what_they_look_for(tmp_path: Path) -> None:
    (tmp_path / "drawings").mkdir()
    for number in range(8):
        text = f'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0 L{9 + number} 50 L90 9" stroke="#000"/></svg>'
        (tmp_path / "drawings" / f"{number}.svg").write_text(text)
    everything = {**os.environ, "SKETCHRNN_CACHE": str(tmp_path / "caches"), "PYTHONPATH": os.pathsep.join(sys.path)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PREPARE], cwd=tmp_path, env=everything, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(AT_ONCE)
    ]  # fmt: skip
    time.sleep(0.5)
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("now\n")
        process.stdin.flush()
    answers = set()
    for process in processes:
        out, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
        answers.add(out)
    assert len(answers) == 1
    assert answers.pop().startswith("8 ")


@pytest.mark.parametrize("older", [True, False], ids=["older", "as old"])
def test_a_drawing_that_replaces_another_of_its_size_is_read_whatever_its_time(
    older: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sketchrnn_cli.data import prepared

    monkeypatch.setenv("SKETCHRNN_CACHE", str(tmp_path / "caches"))
    path, text = (
        tmp_path / "a.svg",
        '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0 L{} 9" stroke="#000"/></svg>',
    )
    path.write_text(text.format(50))
    before = archive.load(prepared.prepare(tmp_path / "a.svg").archive).train[0]
    times = path.stat()
    (tmp_path / "b.svg").write_text(text.format(20))
    (tmp_path / "b.svg").replace(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns - older * 10**12))
    after = archive.load(prepared.prepare(tmp_path / "a.svg").archive).train[0]
    assert not np.array_equal(before, after)
