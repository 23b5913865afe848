"""`checkpoint release`: two files, a card, six sketches; read back as it was meant."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import plain_model
import pytest
from typer.testing import CliRunner

from sketchrnn_cli.api.releasing import parse_sampling
from sketchrnn_cli.cli import app
from sketchrnn_cli.errors import CheckpointError, DataError, UsageError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.sampling import Sampling
from sketchrnn_cli.store import checkpoint
from sketchrnn_cli.store.checkpoint import DataSource, Sidecar

SMALL = HParams(enc_rnn_size=6, dec_rnn_size=8, z_size=4, num_mixture=3, max_seq_len=20)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    source = DataSource("cat | dog", "ab" * 32, "Quick, Draw!")
    sidecar = Sidecar(SMALL, 37.0, 255.0, (source,), step=700, epoch=3, metrics={"L_R_per_point": 0.51})
    checkpoint.release(tmp_path / "made", sidecar, plain_model.random_weights(SMALL))
    return tmp_path


def run(models: Path, *words: str) -> str:
    done = CliRunner().invoke(app, ["checkpoint", *words, "--checkpoint-dir", str(models)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.stdout


def test_a_release_has_half_precision_a_card_and_six_sketches_and_draws_the_same(models: Path) -> None:
    figures = models / "figures.json"
    figures.write_text(json.dumps({"ended": 0.995, "ended_standard_error": 0.002}))
    run(
        models, "release", "made", "--name", "given", "--metrics", str(figures), "--license", "CC BY 4.0",
        "--attribution", "Quick, Draw! Dataset, Google.", "--limits", "It draws no hands.",
        "--sampling", "temperature=0.25",
    )  # fmt: skip
    assert sorted(path.name for path in (models / "given").iterdir()) == [
        "README.md", "hparams.json", "sketches.svg", "weights.safetensors",
    ]  # fmt: skip
    loaded, before = checkpoint.load(models / "given"), checkpoint.load(models / "made")
    for name, value in before.weights.items():
        np.testing.assert_array_equal(loaded.weights[name], value.astype(np.float16).astype(np.float32))
    assert loaded.sidecar.sampling == Sampling.at(0.25)
    assert loaded.sidecar.metrics == {"L_R_per_point": 0.51, "ended": 0.995, "ended_standard_error": 0.002}
    assert loaded.sidecar.license == "CC BY 4.0"
    card = (models / "given" / "README.md").read_text(encoding="utf-8")
    for part in (
        "# given\n", "(sketches.svg)", "CC BY 4.0. Quick, Draw! Dataset, Google.", "It draws no hands.", "700 steps",
        "| nats a point, held-out drawings | 0.510 |", "| 0.995 ± 0.002 |", "data: cat \\| dog",
    ):  # fmt: skip
        assert part in card
    picture = ElementTree.parse(models / "given" / "sketches.svg").getroot()
    assert len(list(picture.iter())) > 6


def test_info_shows_the_card_where_there_is_one(models: Path) -> None:
    assert "Limits" not in run(models, "info", "made")
    run(models, "release", "made", "--name", "given", "--limits", "It draws no hands.")
    shown = run(models, "info", "given")
    assert "Limits" in shown
    assert "It draws no hands." in shown


def test_a_release_replaces_nothing_and_leaves_nothing_where_it_fails(models: Path) -> None:
    with pytest.raises(CheckpointError, match="already exists"):
        run(models, "release", "made", "--name", "made")
    wrong = models / "wrong.json"
    wrong.write_text("[1]")
    with pytest.raises(DataError, match="JSON object"):
        run(models, "release", "made", "--name", "given", "--metrics", str(wrong))
    assert not (models / "given").exists()


@pytest.mark.parametrize(("text", "said"), [("warmth=1", "warmth"), ("top_p", "name=number"), ("top_p=2", "top_p")])
def test_a_sampling_that_is_none_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_sampling(text)


def test_a_sidecar_with_an_impossible_sampling_is_refused(models: Path) -> None:
    path = models / "made" / "hparams.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "sampling": {"top_p": 7}}))
    with pytest.raises(CheckpointError, match="top_p"):
        checkpoint.load(models / "made")
