"""All cells against the numbers that Magenta's own model gave for the same weights; run on JAX, too."""

import dataclasses
import json
from pathlib import Path

import magenta_case
import numpy as np
import pytest
from keras import ops

from sketchrnn_cli.data import archive, batches
from sketchrnn_cli.training import evaluation

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text())
KL_WEIGHT = 0.01
"""Magenta's at its first step."""


@pytest.mark.on_jax
@pytest.mark.parametrize("case", magenta_case.CASES)
def test_the_cost_is_that_of_magentas_own_model(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hparams = magenta_case.CASES[case]
    noise = magenta_case.noise(hparams.z_size)
    monkeypatch.setattr(evaluation, "latent_noise", lambda sketch, z_size: noise[sketch])
    archive.write(tmp_path / "a.npz", {"train": magenta_case.drawings(), "valid": [], "test": []}, "made by a test")
    drawings = batches.corpus([archive.load(tmp_path / "a.npz").train], hparams.max_seq_len)
    weights = {name: ops.convert_to_tensor(value) for name, value in magenta_case.weights(hparams).items()}
    made = evaluation.batches(drawings, 1.0, hparams)
    found = evaluation.evaluate(evaluation.evaluator(hparams), weights, made, drawings.lengths, hparams)
    found = dataclasses.replace(found, max_seq_len=magenta_case.ROWS)  # It divides by all its rows.
    reconstruction, kl = found.reconstruction.mean(), found.kl.mean()
    assert reconstruction == pytest.approx(GOLDEN[case]["reconstruction"], abs=1e-5)
    assert kl == pytest.approx(GOLDEN[case]["kl"], abs=1e-6)
    assert reconstruction + KL_WEIGHT * kl == pytest.approx(GOLDEN[case]["cost"], abs=1e-5)
    assert np.isfinite(found.offset).all()
