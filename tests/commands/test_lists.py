"""The lists of what is here, and what the shell completes from them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sketchrnn_cli.cli import app
from sketchrnn_cli.data import archive, doodles
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.store import checkpoint
from sketchrnn_cli.store.checkpoint import DataSource, Sidecar

RUNS = Path(__file__).parents[1] / "fixtures" / "v0_1_0" / "checkpoints"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a data set, a checkpoint, a damaged one, and a drawing."""
    monkeypatch.chdir(tmp_path)
    archive.write(Path("datasets/my_cats.npz"), doodles.doodles("cat", 4, 0), "made in a test")
    archive.write(Path("datasets/sketchrnn_dog.npz"), doodles.doodles("cat", 4, 0), "made in a test")
    hparams = HParams(conditional=False, dec_rnn_size=8, num_mixture=2, max_seq_len=90)
    source = DataSource("pets", "made in a test", "0" * 64)
    sidecar = Sidecar(hparams, 30.0, 255.0, datasets=(source,), step=120)
    for name in ("mine", "torn"):
        checkpoint.release(Path("checkpoints") / name, sidecar, initialize(hparams))
    Path("checkpoints/torn/hparams.json").write_text("{", encoding="utf-8")
    Path("mine.svg").write_text("<svg/>", encoding="utf-8")
    Path("minutes.txt").write_text("", encoding="utf-8")
    Path("runs").symlink_to(RUNS)
    return tmp_path


def listed(*words: str) -> list[dict]:
    result = CliRunner().invoke(app, [*words, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def completed(monkeypatch: pytest.MonkeyPatch, typed: str) -> set[str]:
    """Return what bash is offered after a line."""
    words = typed.split(" ")
    monkeypatch.setenv("_SKETCHRNN_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    return set(CliRunner().invoke(app, [], prog_name="sketchrnn").stdout.split())


def test_checkpoints_are_listed_with_step_size_and_data(here: Path) -> None:
    found = {entry["name"]: entry for entry in listed("checkpoint", "list")}
    assert list(found)[:2] == ["mine", "torn"]
    mine = found["mine"]
    assert (mine["kind"], mine["step"], mine["data"]) == ("checkpoint", 120, ["pets"])
    assert mine["bytes"] == sum(path.stat().st_size for path in Path("checkpoints/mine").iterdir())
    assert (found["torn"]["kind"], found["torn"]["step"]) == ("damaged", None)
    assert "hparams.json" in found["torn"]["fault"]
    assert found["cat"]["kind"] == "bundled"


def test_runs_are_listed_as_what_their_name_stands_for(here: Path) -> None:
    entry = next(entry for entry in listed("checkpoint", "list", "--checkpoint-dir", "runs") if entry["name"] == "tiny")
    assert (entry["kind"], entry["step"], entry["data"]) == ("run", 8, ["shapes"])


def test_the_list_is_a_table_for_people(here: Path) -> None:
    lines = CliRunner().invoke(app, ["checkpoint", "list"]).stdout.splitlines()
    assert lines[0].split() == ["name", "kind", "step", "MB", "data"]
    assert next(line for line in lines if line.startswith("mine")).split() == [
        "mine",
        "checkpoint",
        "120",
        "0.0",
        "pets",
    ]


def test_data_sets_and_official_models_are_listed_as_json(here: Path) -> None:
    assert {"name": "my_cats", "here": True} in listed("dataset", "list")
    assert listed("dataset", "list", "--contains", "hot d") == [{"name": "hot dog", "here": False}]
    assert {"name": "dog", "here": True} in listed("dataset", "list", "--contains", "dog")
    assert {"name": "dogbunny", "here": False} in listed("pretrained", "list", "--contains", "dog")


@pytest.mark.parametrize(
    ("typed", "offered", "not_offered"),
    [
        ("sketchrnn sample m", {"mine"}, {"mine.svg", "cat"}),
        ("sketchrnn sample ", {"mine", "cat", "quickdraw"}, set()),
        ("sketchrnn reconstruct cat m", {"mine.svg", "my_cats:test:random"}, {"minutes.txt"}),
        ("sketchrnn train my", {"my_cats"}, {"mine"}),
        ("sketchrnn train --from mi", {"mine"}, set()),
        ("sketchrnn train --checkpoint-dir runs --resume t", {"tiny"}, {"torn"}),
        ("sketchrnn checkpoint remove m", {"mine"}, set()),
        ("sketchrnn dataset preview my", {"my_cats"}, set()),
    ],
)
def test_the_shell_completes_models_runs_sets_and_drawings(
    here: Path, monkeypatch: pytest.MonkeyPatch, typed: str, offered: set[str], not_offered: set[str]
) -> None:
    found = completed(monkeypatch, typed)
    assert offered <= found
    assert not (not_offered & found)
