"""`sketchrnn runs` lists what was trained, and draws how it went."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from sketchrnn_cli.cli import app
from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.store import runs
from sketchrnn_cli.store.checkpoint import DataSource, Sidecar

HPARAMS = HParams(enc_rnn_size=4, dec_rnn_size=6, z_size=3, num_mixture=2, max_seq_len=20)
LOG = "epoch,step,validation_reconstruction_loss\n1,50,2.5\n2,100,1.5\n3,150,\n4,200,nan\n"


def trained(parent: Path, name: str, step: int, log: str | None) -> None:
    sidecar = Sidecar(HPARAMS, 1.0, 255.0, (DataSource("cats", "0" * 64, "made"),), step=step, best=1.25)
    slots = {"optimizer.updates": np.ones(1, np.float32)}
    runs.save_step(parent / name, runs.Run("", ""), sidecar, initialize(HPARAMS), slots, True, False)
    if log is not None:
        (parent / name / "log.csv").write_text(log)


def test_runs_are_listed_the_newest_first_and_their_losses_drawn(tmp_path: Path) -> None:
    trained(tmp_path, "older", 100, LOG)
    trained(tmp_path, "newer", 200, None)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{}")
    picture = tmp_path / "losses.svg"
    arguments = ["runs", "--checkpoint-dir", str(tmp_path), "--curves", str(picture)]
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "100"})
    assert done.exit_code == 0, done.exception
    lines = [line for line in done.stdout.splitlines() if "cats" in line]
    assert ["newer" in lines[0], "older" in lines[1], len(lines)] == [True, True, 2]
    assert "1.2500" in lines[0]
    curves = [element.get("points") for element in ET.parse(picture).iter() if element.tag.endswith("polyline")]
    assert len(curves) == 2  # The frame, and the one run that has a log.
    (x1, y1), (x2, y2) = (map(float, point.split(",")) for point in (curves[1] or "").split())
    assert x2 == x1 * 2 - 50
    assert y1 < y2
    words = [element.text for element in ET.parse(picture).iter() if element.tag.endswith("text")]
    assert {"step", "validation L_R (nats)"} < set(words)
    assert isinstance(CliRunner().invoke(app, arguments).exception, UsageError)


def test_without_runs_one_line_says_so_and_how_to_begin(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["runs", "--checkpoint-dir", str(tmp_path / "none")])
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.splitlines() == [f"no runs in {tmp_path / 'none'}; start one: sketchrnn train DATASET"]
