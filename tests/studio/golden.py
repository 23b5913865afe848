"""Models of every cell with random weights, and what the NumPy engine computes with them, for the page to repeat."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import equations, weights
from sketchrnn_cli.model import mixture as mixtures
from sketchrnn_cli.model.inference import Drawer

STEPS, BATCH = 50, 7
SMALL = {"enc_rnn_size": 20, "dec_rnn_size": 37, "z_size": 9, "num_mixture": 3, "max_seq_len": 60}
TRANSFORMER = {"dec_rnn_size": 24, "dec_layers": 2, "dec_heads": 3, "dec_mlp_size": 40}
VARIANTS = {
    "lstm": {},
    "lstm in half precision": {"half": True},
    "lstm of an imported model": {
        "gate_activation": "hard_sigmoid",
        "squash_z": True,
        "mask_encoder": False,
        "pixel_factor": 2.0,
    },
    "lstm from a zero state": {"first_state": "zero"},
    "decoder alone": {"conditional": False},
    "layer_norm": {"enc_model": "layer_norm", "dec_model": "layer_norm"},
    "hyper": {"enc_model": "hyper", "dec_model": "hyper"},
    "hyper with a plain inner cell": {"enc_model": "hyper", "dec_model": "hyper", "hyper_inner": "lstm"},
    "lstm with words": {"num_classes": 4, "class_size": 6},
    "lstm with words alone": {"num_classes": 4, "class_size": 6, "conditional": False},
    "transformer": {"dec_model": "transformer", **TRANSFORMER},
    "transformer with words alone": {
        "dec_model": "transformer",
        "conditional": False,
        "num_classes": 4,
        "class_size": 6,
        **TRANSFORMER,
    },
    "transformer alone": {"dec_model": "transformer", "conditional": False, **TRANSFORMER},
}


def write(folder: Path, variant: str) -> None:
    """Write hparams.json, weights.safetensors and golden.json of a variant into `folder`."""
    settings = dict(VARIANTS[variant])
    is_half = settings.pop("half", False)
    hparams = HParams(**{**SMALL, **settings})
    rng = np.random.default_rng(5)
    values = {
        name: (value + rng.normal(0.0, 0.15, value.shape)).astype(np.float16 if is_half else np.float32)
        for name, value in weights.initialize(hparams).items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_file(values, folder / "weights.safetensors")
    sidecar = {"scale_factor": 30.0, "canvas_size": 255.0, "hyperparameters": hparams.as_dict()}
    (folder / "hparams.json").write_text(json.dumps(sidecar))
    (folder / "golden.json").write_text(json.dumps(_golden(Drawer(hparams, values), rng)))


def _golden(drawer: Drawer, rng: np.random.Generator) -> dict:
    """Return inputs, and the outputs of the NumPy engine."""
    hparams = drawer.hparams
    pens = rng.choice(2, (STEPS, BATCH), p=(0.8, 0.2))
    rows = np.concatenate([rng.normal(size=(STEPS, BATCH, 2)), pens[..., None]], axis=-1).astype(np.float32)
    z = rng.normal(size=(BATCH, hparams.z_size)).astype(np.float32) if hparams.conditional else None
    label = hparams.num_classes - 1  # The page counts words from 0, the table from 1: row 0 is "any".
    labels = np.full(BATCH, label + 1) if hparams.num_classes else None
    state = drawer.decoder.initial_state(drawer.condition(z, labels, BATCH), BATCH, STEPS)
    outputs, scores = [], np.zeros(BATCH)
    for fed, following in zip([np.tile([0.0, 0.0, 0.0], (BATCH, 1)), *rows[:-1]], rows, strict=True):
        state, h = drawer.decoder.step(state, _one_hot(fed))
        mixture = equations.output_layer(np, drawer.weights, h, hparams)
        outputs.append(np.concatenate(mixture, axis=-1))
        scores += _log_probability(mixture, following)
    drawings = [rows[:length, b] for b, length in enumerate((50, 3, 17, 1, 30))] if hparams.conditional else []
    mu, sigma = drawer.encode(drawings) if drawings else (np.zeros(0), np.zeros(0))
    return {
        "rows": rows.tolist(),
        "label": label,
        "z": None if z is None else z.ravel().tolist(),
        "outputs": np.array(outputs).tolist(),
        "scores": scores.tolist(),
        "drawings": [drawing.ravel().tolist() for drawing in drawings],
        "mu": mu.tolist(),
        "sigma": sigma.tolist(),
    }


def _one_hot(rows: np.ndarray) -> np.ndarray:
    """Return stroke-5 rows `[batch, 5]` of `[batch, 3]`."""
    return np.concatenate([rows[:, :2], np.eye(3)[rows[:, 2].astype(int)]], axis=-1).astype(np.float32)


def _log_probability(mixture: mixtures.Mixture, rows: np.ndarray) -> np.ndarray:
    """Return log p of each row `[batch]`, its offset's not below the page's floor."""
    exact = mixtures.Mixture(*[part.astype(np.float64) for part in mixture])
    offset = mixtures.log_density(np, exact, rows[:, :2])
    return np.maximum(offset, -27.6) + mixtures.pen_log_likelihood(np, exact, _one_hot(rows)[:, 2:])
