"""`checkpoint import` and `checkpoint export` as a user meets them: exit codes, the two streams, what is on disk."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from vae_file import vae

from sketchrnn_cli import cli
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.store import checkpoint
from sketchrnn_cli.store.checkpoint import Sidecar

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sketchrnn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in an empty folder; return its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sketchrnn", *map(str, words)])
        with pytest.raises(SystemExit) as done:
            cli.main()
        out, err = capsys.readouterr()
        return int(done.value.code or 0), out, err

    return run


def release(name: str, **changes: object) -> None:
    hparams = HParams(enc_rnn_size=6, dec_rnn_size=10, z_size=4, max_seq_len=40).replace(**changes)
    checkpoint.release(Path("checkpoints") / name, Sidecar(hparams, 43.0, 255.0), initialize(hparams))


def files(folder: str = "checkpoints") -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in Path(folder).iterdir())


def test_a_model_goes_out_and_comes_back_and_draws(sketchrnn: Run) -> None:
    release("ours")
    Path("ours.vae.json").write_text(json.dumps(vae(checkpoint.load(Path("checkpoints/ours")), "ours")))
    assert sketchrnn("checkpoint", "import", "ours.vae.json", "--name", "theirs") == (0, "checkpoints/theirs\n", "")
    assert sketchrnn("sample", "theirs", "--out", "a.svg")[0] == 0
    Path("square.json").write_text("[[9, 0, 0], [0, 9, 0], [-9, 0, 1]]")
    assert sketchrnn("reconstruct", "theirs", "square.json", "--out", "b.svg")[0] == 0
    assert sketchrnn("complete", "theirs", "square.json", "--out", "c.svg")[0] == 0
    assert sketchrnn("encode", "theirs", "square.json", "--out", "z.npy")[0] == 0
    assert sketchrnn("animate", "theirs", "--out", "a.gif")[0] == 0


def test_a_decoder_alone_draws_and_says_why_it_cannot_encode(sketchrnn: Run) -> None:
    release("ours", conditional=False)
    assert sketchrnn("checkpoint", "export", "--format", "magenta-js", "ours", "--out", "sub/x.json")[:2] == (
        0,
        "sub/x.json\n",
    )
    assert sketchrnn("checkpoint", "import", "sub/x.json", "--force")[0] == 0
    Path("square.json").write_text("[[9, 0, 0], [0, 9, 0], [-9, 0, 1]]")
    assert sketchrnn("complete", "ours", "square.json", "--out", "c.svg")[0] == 0
    code, _, err = sketchrnn("encode", "ours", "square.json", "--out", "z.npy")
    assert (code, err.splitlines()[-1].startswith("sketchrnn: ")) == (4, True)
    assert "decoder-only" in err


def test_a_name_that_is_taken_is_left_alone(sketchrnn: Run) -> None:
    release("ours", conditional=False)
    sketchrnn("checkpoint", "export", "--format", "magenta-js", "ours", "--out", "m.json")
    before = Path("checkpoints/ours/hparams.json").read_bytes()
    code, _, err = sketchrnn("checkpoint", "import", "m.json")
    assert (code, err.count("\n")) == (2, 1)
    assert "--force" in err
    assert Path("checkpoints/ours/hparams.json").read_bytes() == before
    assert sketchrnn("checkpoint", "import", "m.json", "--force")[0] == 0
    assert Path("checkpoints/ours/hparams.json").read_bytes() != before
    assert files() == ["ours"]


def test_a_training_run_is_never_replaced(sketchrnn: Run) -> None:
    release("ours", conditional=False)
    sketchrnn("checkpoint", "export", "--format", "magenta-js", "ours", "--out", "m.json")
    run = Path("checkpoints/run")
    run.mkdir()
    (run / "run.json").write_text("{}")
    code, _, err = sketchrnn("checkpoint", "import", "m.json", "--name", "run", "--force")
    assert code == 2
    assert "not replaced" in err
    assert (run / "run.json").exists()


@pytest.mark.parametrize("name", ["../up", "a/b", "", "..", "a@best"])
def test_a_name_that_leads_elsewhere_is_refused(name: str, sketchrnn: Run, tmp_path: Path) -> None:
    release("ours", conditional=False)
    sketchrnn("checkpoint", "export", "--format", "magenta-js", "ours", "--out", "m.json")
    (tmp_path / "hparams.json").write_text("{}")
    assert sketchrnn("checkpoint", "import", "m.json", "--name", name, "--force")[0] == 2
    assert files() == ["ours"]


@pytest.mark.parametrize(
    ("inside", "folder"),
    [("../../evil", "evil"), ("a b/c", "a_b_c"), ("", "m"), ("...", "m"), ("x@last", "x_last"), ("\x00\n", "m")],
)
def test_a_models_own_name_stays_inside_the_folder(inside: str, folder: str, sketchrnn: Run) -> None:
    release("ours", conditional=False)
    sketchrnn("checkpoint", "export", "--format", "magenta-js", "ours", "--out", "m.json")
    content = json.loads(Path("m.json").read_text())
    content[0]["name"] = inside
    Path("m.json").write_text(json.dumps(content))
    assert sketchrnn("checkpoint", "import", "m.json")[:2] == (0, f"checkpoints/{folder}\n")
    assert files() == sorted([folder, "ours"])


def test_what_the_file_does_not_say_is_assumed_aloud_or_given(sketchrnn: Run) -> None:
    release("ours", conditional=False)
    sketchrnn("checkpoint", "export", "--format", "magenta-js", "ours", "--out", "m.json")
    content = json.loads(Path("m.json").read_text())
    del content[0]["canvas_size"]
    Path("m.json").write_text(json.dumps(content))
    code, _, err = sketchrnn("checkpoint", "import", "m.json", "--name", "assumed")
    assert (code, err.count("\n")) == (0, 1)
    assert "--canvas-size" in err
    given = ["--canvas-size", 300, "--scale-factor", 20]
    assert sketchrnn("checkpoint", "import", "m.json", "--name", "given", *given)[0::2] == (0, "")
    sidecar = checkpoint.load(Path("checkpoints/given")).sidecar
    assert (sidecar.units_per_model_unit, sidecar.canvas_size) == (20.0, 300.0)


def test_a_bad_file_is_one_line_and_exit_code_4_and_leaves_nothing(sketchrnn: Run) -> None:
    Path("page.json").write_text("<html>")
    Path("names.json").write_text('["data_set", "num_steps"]')
    Path("torn.hdf5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\x00" * 100)
    Path("empty.json").write_bytes(b"")
    for name in ("page.json", "names.json", "torn.hdf5", "empty.json", "absent.json", "."):
        code, out, err = sketchrnn("checkpoint", "import", name)
        assert (code, out, err.count("\n")) == (4, "", 1), name
        assert err.startswith(f"sketchrnn: {name}"), err
    assert not Path("checkpoints").exists()


def test_a_config_is_refused_where_none_belongs(sketchrnn: Run) -> None:
    release("ours", conditional=False)
    sketchrnn("checkpoint", "export", "--format", "magenta-js", "ours", "--out", "m.json")
    assert sketchrnn("checkpoint", "import", "m.json", "--config", "m.json")[0] == 2


def test_an_export_leaves_alone_what_exists(sketchrnn: Run) -> None:
    release("ours", conditional=False)
    Path("ours.gen.json").write_text("mine")
    assert sketchrnn("checkpoint", "export", "--format", "magenta-js", "ours")[0] == 2
    assert Path("ours.gen.json").read_text() == "mine"
    assert sketchrnn("checkpoint", "export", "--format", "magenta-js", "ours", "--force")[0] == 0
    assert sketchrnn("checkpoint", "export", "--format", "magenta-js", "ours", "--out", ".", "--force")[0] == 2


def test_what_cannot_be_exported_is_said_in_one_line(sketchrnn: Run) -> None:
    release("hyper", dec_model="hyper", conditional=False)
    release("ours")
    np.save("z.npy", np.zeros((1, 4)))
    np.save("two.npy", np.zeros((2, 4)))
    for words, code, says in [
        (["hyper"], 4, "dec_model is hyper"),
        (["nobody"], 4, "nobody"),
        (["ours"], 4, "checkpoint export ours --format web --out ours.html"),
        (["ours", "--at-z", "z.npy"], 4, "initial state"),
        (["ours", "--at-z", "two.npy"], 2, "2 latent vectors"),
        (["ours", "--format", "onnx"], 2, "onnx"),
        (["ours", "--format", "web", "--at-z", "z.npy"], 2, "--at-z"),
    ]:
        found, out, err = sketchrnn("checkpoint", "export", "--format", "magenta-js", *words)
        assert (found, out) == (code, ""), words
        assert says in err
    assert not list(Path().glob("*.json"))


def test_a_model_that_begins_at_zero_is_exported_at_a_z(sketchrnn: Run) -> None:
    release("zero", first_state="zero")
    np.save("z.npy", np.ones((1, 4)))
    assert sketchrnn("checkpoint", "export", "--format", "magenta-js", "zero", "--at-z", "z.npy") == (
        0,
        "zero.gen.json\n",
        "",
    )
    assert sketchrnn("checkpoint", "import", "zero.gen.json", "--name", "fixed")[0] == 0
    assert sketchrnn("checkpoint", "export", "--format", "magenta-js", "fixed", "--at-z", "z.npy")[0] == 2
