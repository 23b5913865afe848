"""Evaluate a checkpoint on data sets, split by split."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sketchrnn_cli import atomic
from sketchrnn_cli.data.batches import Corpus, corpus
from sketchrnn_cli.data.dataset import DataSet, check_splits, label_rows
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.store import names
from sketchrnn_cli.training.blocks import tensor
from sketchrnn_cli.training.evaluation import Evaluation, batches, evaluate, evaluator


@dataclass(frozen=True)
class Figure:
    """The losses of one split of one data set."""

    dataset: str
    split: str
    sketches: Corpus
    losses: Evaluation
    left_out: int
    """Sketches longer than the model's N_max."""

    def summary(self) -> dict[str, Any]:
        """Return means and standard errors, ready for a table or JSON; in nats."""
        reconstruction, kl = self.losses.reconstruction, self.losses.kl
        root = np.sqrt(len(kl))
        return {
            "dataset": self.dataset,
            "split": self.split,
            "sketches": len(kl),
            "left_out": self.left_out,
            "L_R": float(reconstruction.mean()),
            "L_R_standard_error": float(reconstruction.std(ddof=len(kl) > 1) / root),
            "L_KL": float(kl.mean()),
            "L_KL_standard_error": float(kl.std(ddof=len(kl) > 1) / root),
            "L_R_per_point": self.losses.per_point,
        }


def measure(ckpt: str, sets: Sequence[DataSet], splits: Sequence[str], checkpoint_dir: Path) -> Iterator[Figure]:
    """Yield the losses of every split of every data set.

    Args:
        ckpt: the checkpoint.
        sets: the data sets.
        splits: of train, valid, test.
        checkpoint_dir: folder of the checkpoints.

    Raises:
        UsageError: an unknown split.
        DataError: a split has no sketch within the model's N_max.
    """
    check_splits(splits)
    loaded = names.load(ckpt, checkpoint_dir)
    evaluate_batch = evaluator(loaded.hparams)
    weights = {name: tensor(value) for name, value in loaded.weights.items()}
    for dataset in sets:
        for split in splits:
            part = dataset.splits[split]
            labels = label_rows(dataset, split, loaded.sidecar.words)
            kept = corpus([part], loaded.hparams.max_seq_len, [labels])
            if not len(kept):
                raise DataError(f"{dataset.path}: {split} has no sketch of at most {loaded.hparams.max_seq_len} points")
            made = batches(kept, loaded.sidecar.units_per_model_unit, loaded.hparams)
            losses = evaluate(evaluate_batch, weights, made, kept.lengths, loaded.hparams)
            yield Figure(dataset.name, split, kept, losses, len(part) - len(kept))


def write_per_sketch(figures: Sequence[Figure], path: Path, replace: bool = True) -> None:
    """Write a CSV row per sketch, the highest L_R per point first.

    Raises:
        DataError: it cannot be written.
        ExistsError: without `replace`, the file exists.
    """
    rows = []
    for figure in figures:
        losses = figure.losses
        total = losses.offset + losses.pen
        for number, (_, place) in enumerate(figure.sketches.index):
            points = int(losses.lengths[number])
            rows.append((total[number] / points, figure.dataset, figure.split, int(place), points,
                         losses.reconstruction[number], losses.kl[number]))  # fmt: skip
    rows.sort(key=lambda row: -row[0])
    try:
        with atomic.new_file(path, replace) as partial, partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["dataset", "split", "index", "points", "L_R", "L_KL", "L_R_per_point"])
            for per_point, dataset, split, place, points, reconstruction, kl in rows:
                writer.writerow([dataset, split, place, points, *(f"{x:.6f}" for x in (reconstruction, kl, per_point))])
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error
