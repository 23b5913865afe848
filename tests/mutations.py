"""Plant wrongs, one at a time, in a copy of the package, and see that the named test fails.

    python tests/mutations.py [NAME ...]

A wrong is a search and a replacement in one source file, and the test that must notice it, run as pytest names it. One
that no test notices, or whose text is no longer there, is told and makes the exit code 1. Each gets three minutes.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
LIMIT_SECONDS = 180
STEP = "tests/training/test_step.py"
PAPERS = f"{STEP}::test_three_steps_are_those_of_the_papers_the_last_of_a_batch_that_is_filled_up"
MAGENTA = "tests/model/magenta/test_against_magenta.py::test_the_cost_is_that_of_magentas_own_model"


class Wrong(NamedTuple):
    """One planted fault."""

    file: str
    """Below `sketchrnn_cli/`."""
    right: str
    wrong: str
    test: str


WRONGS = {
    "no dropout in training": Wrong(
        "training/step.py", "batch, hparams, hparams.seed, noise", "batch, hparams, None, noise", f"{PAPERS}[lstm]"
    ),
    "no annealing of the KL weight": Wrong(
        "training/step.py", "losses, step.kl_weight,", "losses, hparams.kl_weight,", f"{PAPERS}[lstm]"
    ),
    "no floor under the KL term": Wrong(
        "model/equations.py",
        "xp.maximum(losses.kl, kl_tolerance)",
        "losses.kl",
        "tests/model/test_equations.py::"
        "test_the_objective_weighs_the_kl_term_that_its_tolerance_bounds_below[below_the_tolerance]",
    ),
    "no dropout in the encoder": Wrong(
        "model/network.py", "hparams, dropout, ENCODER, step", "hparams, None, ENCODER, step", f"{PAPERS}[lstm]"
    ),
    "one stream for all dropouts": Wrong(
        "model/network.py",
        "LATENT, ENCODER, DECODER, INPUT, OUTPUT, LABEL = range(6)",
        "LATENT, ENCODER, DECODER, INPUT, OUTPUT, LABEL = 0, 1, 1, 1, 1, 5",
        f"{STEP}::test_every_place_of_dropout_has_a_stream_of_its_own",
    ),
    "epsilon of layer normalization 0.1": Wrong(
        "model/cells.py", "LAYER_NORM_EPSILON = 1e-3", "LAYER_NORM_EPSILON = 0.1", f"{MAGENTA}[layer_norm]"
    ),
    "forget bias subtracted": Wrong("model/cells.py", "f + FORGET_BIAS", "f - FORGET_BIAS", f"{MAGENTA}[hyper]"),
    "z / 2 for tanh z": Wrong(
        "model/equations.py",
        "v = xp.tanh(v)",
        "v = v / 2",
        "tests/model/test_equations.py::test_a_squashed_z_passes_tanh_before_the_first_state",
    ),
    "no save inside an epoch": Wrong(
        "training/trainer.py",
        "if is_best or keeps or due:",
        "if is_best or keeps:",
        "tests/training/test_trainer.py::test_a_save_falls_inside_a_long_epoch",
    ),
    "no patience": Wrong(
        "training/trainer.py",
        "return self.stopping or out_of_patience or",
        "return self.stopping or",
        "tests/training/test_trainer.py::test_patience_ends_a_run",
    ),
    "a report after every step": Wrong(
        "training/trainer.py",
        "self._losses and self._clock() - self._reported_at > REPORT_SECONDS",
        "self._losses",
        "tests/training/test_trainer.py::test_reports_count_every_step_once_and_come_by_the_clock",
    ),
    "a plain inner cell": Wrong(
        "hparams.py",
        '        "layer_norm",\n        "small LSTM',
        '        "lstm",\n        "small LSTM',
        f"{MAGENTA}[hyper]",
    ),
    "gates in another order": Wrong(
        "model/cells.py",
        "i, f, candidate, o = normalized",
        "i, candidate, f, o = normalized",
        f"{MAGENTA}[layer_norm]",
    ),
    "splits by rank": Wrong(
        "data/splitting.py",
        'return "test" if position < test else',
        'return "test" if position > 1 - test else',
        "tests/data/conversion/test_pipeline.py::test_every_drawing_goes_where_the_hash_of_its_points_says",
    ),
    "initial weights without fan-out": Wrong(
        "model/weights.py",
        "np.sqrt(6.0 / (shape[0] + shape[1]))",
        "np.sqrt(6.0 / shape[1])",
        "tests/model/test_weights.py::test_kernels_begin_uniform_within_the_bound_of_glorot",
    ),
    "standard error without the root": Wrong(
        "training/measuring.py",
        "root = np.sqrt(len(kl))",
        "root = len(kl)",
        "tests/training/test_measuring.py::test_a_standard_error_is_the_deviation_over_the_root_of_the_count",
    ),
    "clipping after the update": Wrong(
        "training/optimizer.py",
        "gradient = ops.clip(gradients[name], -hparams.grad_clip, hparams.grad_clip)",
        "gradient = gradients[name]",
        f"{PAPERS}[lstm]",
    ),
    "batches not sorted": Wrong(
        "data/batches.py",
        'np.argsort(sketches.lengths[pool], kind="stable")',
        "np.arange(len(pool))",
        "tests/data/test_batches.py::test_the_batches_of_a_pool_hold_lengths_that_do_not_overlap_and_come_in_any_order",
    ),
    "batches not shuffled": Wrong(
        "data/batches.py",
        "rng.permutation(steps_per_epoch(sketches, hparams))",
        "np.arange(steps_per_epoch(sketches, hparams))",
        "tests/data/test_batches.py::test_the_batches_of_a_pool_hold_lengths_that_do_not_overlap_and_come_in_any_order",
    ),
    "augmentation without the epoch": Wrong(
        "data/noise.py",
        "SeedSequence([seed, STREAM, epoch])",
        "SeedSequence([seed, STREAM])",
        "tests/data/test_batches.py::test_the_noise_is_uniform_and_tells_sketches_places_and_epochs_apart",
    ),
}


def planted(name: str, wrong: Wrong) -> str:
    """Plant one wrong in a copy; return what became of it."""
    with tempfile.TemporaryDirectory() as folder:
        for part in ("sketchrnn_cli", "tests", "checkpoints"):
            shutil.copytree(ROOT / part, Path(folder) / part, ignore=shutil.ignore_patterns("__pycache__"))
        for file in ("pyproject.toml", "README.md", "CONTRIBUTING.md"):
            shutil.copy(ROOT / file, folder)
        path = Path(folder) / "sketchrnn_cli" / wrong.file
        source = path.read_text(encoding="utf-8")
        if source.count(wrong.right) != 1:
            return f"NOT PLANTED: {wrong.file} has {source.count(wrong.right)} times {wrong.right!r}"
        path.write_text(source.replace(wrong.right, wrong.wrong), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", wrong.test]
        environment = {**os.environ, "PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT_SECONDS
            )
        except subprocess.TimeoutExpired:
            return f"TOO SLOW: {LIMIT_SECONDS} s"
    if done.returncode == 0:
        return "UNNOTICED"
    if done.returncode != 1 or ("AssertionError" not in done.stdout + done.stderr and "Failed:" not in done.stdout):
        return "NO ASSERTION: " + (done.stdout + done.stderr).strip().splitlines()[-1]
    return "noticed"


def main() -> int:
    chosen = sys.argv[1:] or list(WRONGS)
    failed = 0
    for name in chosen:
        became = planted(name, WRONGS[name])
        failed += became != "noticed"
        print(f"{name}: {became}", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
