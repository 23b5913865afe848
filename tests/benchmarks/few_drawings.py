"""Teach a model few drawings of words that it never saw, and judge what it then draws.

    python tests/benchmarks/few_drawings.py BASE quickdraw345.npz judge.npz --words rabbit teapot --seeds 3

By the product's own trainer and recipe (`sketchrnn_cli.few`), changed where asked. The drawings come from the splits
valid and test, which neither base nor judge has seen, or from all splits where these hold too few; a seed chooses them,
trains and draws. Recognized means that the judge (`judge.py`) names the word of 345; a copy is near one of the drawings
that were taught, or its mirror image (`sketchrnn_cli.drawing.copies`).
"""

import argparse
import dataclasses
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sketchrnn_cli.data import archive, cache
from sketchrnn_cli.data.dataset import DataSet
from sketchrnn_cli.drawing.copies import copies
from sketchrnn_cli.few import recipe_for
from sketchrnn_cli.model.sampling import DEFAULT, TAME, Sampling
from sketchrnn_cli.sketching import Sketcher
from sketchrnn_cli.store import names
from sketchrnn_cli.store.schedule import Schedule

WAYS: dict[str, tuple[Sampling, int, bool]] = {
    "default": (DEFAULT, 1, True),
    "tame": (TAME, 1, True),
    "tame, any": (TAME, 1, False),
    "tame, best of 4": (TAME, 4, True),
    "default, best of 4": (DEFAULT, 4, True),
}
"""How it is drawn: sampling, candidates, whether its word is named."""


@dataclass(frozen=True)
class Job:
    """One model to teach and to judge."""

    variant: str
    word: str
    drawings: int
    seed: int
    changes: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Of the recipe's hyperparameters; `steps` and `like_mine`, too."""
    ways: tuple[str, ...] = ("default", "tame", "tame, best of 4")
    base: str = "base"


@dataclass(frozen=True)
class Taught:
    """What a taught model drew."""

    job: Job
    steps: int
    seconds: float
    """Of training, its start and compilation among them."""
    taught: list[np.ndarray]
    drawn: dict[str, list[np.ndarray]]
    ended: dict[str, float]


def of_word(dataset: DataSet, word: str, splits: Sequence[str]) -> list[np.ndarray]:
    """Return the drawings of a word in some splits."""
    found = []
    for split in splits:
        sketches = dataset.splits[split]
        assert sketches.labels is not None
        found += [sketches[int(i)] for i in np.flatnonzero(sketches.labels == dataset.classes.index(word))]
    return found


def chosen(dataset: DataSet, job: Job) -> list[np.ndarray]:
    """Return the drawings that a job teaches."""
    pool = of_word(dataset, job.word, ("valid", "test"))
    if len(pool) < job.drawings + 10:
        pool = of_word(dataset, job.word, ("valid", "test", "train"))
    order = np.random.default_rng(job.seed).permutation(len(pool))
    return [pool[i] for i in order[: job.drawings]]


def teach(job: Job, sketches: list[np.ndarray], checkpoint_dir: Path, count: int) -> Taught:
    """Train as the command does, draw as the command does; the run is removed again."""
    from sketchrnn_cli.training import start

    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "mine.npz"
        archive.write(path, {"train": sketches, "valid": [], "test": []}, "Quick, Draw!")
        sets = [cache.load(path)]
        changes = dict(job.changes)
        steps, like_mine = changes.pop("steps", None), changes.pop("like_mine", False)
        first = names.load(job.base, checkpoint_dir)
        recipe = recipe_for(first, sets, like_mine)
        assert recipe is not None
        start.use_device("auto", None)
        folder = checkpoint_dir / f"{job.variant}-{job.word}-{job.drawings}-{job.seed}".replace(" ", "_")
        shutil.rmtree(folder, ignore_errors=True)
        schedule = Schedule(steps=steps or recipe.steps)
        hparams = recipe.hparams.replace(seed=job.seed, **changes)
        trainer = start.new_run(folder, sets, hparams, schedule, first, sampling=recipe.sampling)
        for _ in trainer.train():
            pass
        seconds = time.monotonic() - began
        sketcher = Sketcher(names.load(folder.name, checkpoint_dir))
        drawn, ended = {}, {}
        for way in job.ways:
            sampling, best_of, named = WAYS[way]
            labels = np.full(count, int(named and hparams.num_classes > 0), np.int32)
            drawn[way] = sketcher.sample(count, job.seed, sampling, labels=labels, best_of=best_of)
            ended[way] = float(np.mean([len(sketch) < hparams.max_seq_len for sketch in drawn[way]]))
        shutil.rmtree(folder)
    return Taught(job, trainer.step, seconds, sketches, drawn, ended)


def _alone(queue: Any) -> None:
    """Keep a worker on a core of its own."""
    os.sched_setaffinity(0, {queue.get()})


def taught(
    jobs: Sequence[Job], dataset: DataSet, checkpoint_dir: Path, count: int, processes: int, seconds: float
) -> Iterator[Taught]:
    """Do jobs side by side, none begun after so many seconds."""
    context = multiprocessing.get_context("spawn")
    cores = context.Manager().Queue()
    for core in sorted(os.sched_getaffinity(0))[:processes]:
        cores.put(core)
    began = time.monotonic()
    with ProcessPoolExecutor(processes, context, _alone, (cores,)) as pool:
        waiting, futures = list(jobs), set()
        while waiting or futures:
            while waiting and len(futures) < processes and time.monotonic() - began < seconds:
                job = waiting.pop(0)
                futures.add(pool.submit(teach, job, chosen(dataset, job), checkpoint_dir, count))
            if not futures:
                break
            done = next(as_completed(futures))
            futures.discard(done)
            if error := done.exception():
                print(f"failed: {error!r}", file=sys.stderr, flush=True)
            else:
                yield done.result()
    if waiting:
        print(f"no time for {len(waiting)} of {len(jobs)} jobs", flush=True)


def figures(judge: Any, found: Taught) -> list[dict[str, Any]]:
    """Return what the judge says, one record a way of drawing; the drawings themselves come last."""
    records = []
    for way, sketches in [*found.drawn.items(), ("taught", found.taught)]:
        usable = [sketch for sketch in sketches if len(sketch)]
        opinion = judge.look(usable)
        label = np.full(len(usable), judge.words.index(found.job.word))
        features = opinion.features / np.linalg.norm(opinion.features, axis=1, keepdims=True)
        pairs = 1.0 - features @ features.T
        near = 0.0 if way == "taught" else float(copies(usable, found.taught).sum() / len(sketches))
        records.append({
            **{name: getattr(found.job, name) for name in ("variant", "word", "drawings", "seed", "changes", "base")},
            "way": way, "steps": found.steps, "seconds": round(found.seconds, 1), "copies": near,
            "at_1": float(opinion.among(label, 1).sum() / len(sketches)),
            "at_5": float(opinion.among(label, 5).sum() / len(sketches)),
            "ended": found.ended.get(way, 1.0),
            "diversity": float(pairs.sum() / max(1, len(usable) * (len(usable) - 1))),
        })  # fmt: skip
    return records


def table(records: Sequence[dict[str, Any]]) -> str:
    """Return means over words and seeds, a line a variant, number of drawings and way, with standard errors of @1."""
    lines = [f"{'variant':28s} {'n':>4s} {'way':20s} {'runs':>4s}   @1           @5   copies  end  div  steps seconds"]
    keys = dict.fromkeys((one["variant"], one["drawings"], one["way"]) for one in records)
    for key in keys:
        some = [one for one in records if (one["variant"], one["drawings"], one["way"]) == key]
        mean = {
            name: np.mean([one[name] for one in some])
            for name in ("at_1", "at_5", "copies", "ended", "diversity", "steps", "seconds")
        }
        error = np.std([one["at_1"] for one in some]) / np.sqrt(max(1, len(some) - 1))
        by_word = " ".join(
            f"{word} {np.mean([one['at_1'] for one in some if one['word'] == word]):.2f}"
            for word in dict.fromkeys(one["word"] for one in some)
        )
        lines.append(
            f"{key[0]:28s} {key[1]:4d} {key[2]:20s} {len(some):4d}  {mean['at_1']:.3f} ± {error:.3f}  "
            f"{mean['at_5']:.3f}  {mean['copies']:.3f}  {mean['ended']:.2f} {mean['diversity']:.2f} "
            f"{mean['steps']:5.0f} {mean['seconds']:6.0f}  {by_word}"
        )
    return "\n".join(lines)


def run(
    jobs: Sequence[Job], dataset: DataSet, judge_path: Path, checkpoint_dir: Path, out: Path, **how: Any
) -> list[dict[str, Any]]:
    """Do jobs, judge them, print the table; write records and drawings into a folder as they come."""
    from judge import Judge

    judge = Judge.load(judge_path)
    records: list[dict[str, Any]] = []
    kept: dict[str, Any] = {}
    with (out / "few.jsonl").open("w", encoding="utf-8") as file:
        for found in taught(jobs, dataset, checkpoint_dir, **how):
            some = figures(judge, found)
            records += some
            file.writelines(json.dumps(one) + "\n" for one in some)
            file.flush()
            job = found.job
            for way, sketches in [*found.drawn.items(), ("taught", found.taught)]:
                key = f"{job.variant}|{job.word}|{job.drawings}|{job.seed}|{way}"
                kept[f"{key}|points"] = np.concatenate(sketches).astype(np.float16)
                kept[f"{key}|lengths"] = np.array([len(sketch) for sketch in sketches])
    np.savez_compressed(out / "few.npz", **kept)
    print(table(sorted(records, key=lambda one: [job.variant for job in jobs].index(one["variant"]))))
    return records


def main() -> None:
    """Teach, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=Path, help="a checkpoint's folder, outside whose words are those to teach")
    parser.add_argument("archive", type=Path)
    parser.add_argument("judge", type=Path)
    parser.add_argument("--words", nargs="+", default=["rabbit", "teapot", "octopus", "sailboat"])
    parser.add_argument("--drawings", nargs="+", type=int, default=[20])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--count", type=int, default=48, help="drawn each way")
    parser.add_argument("--like-mine", action="store_true")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path())
    options = parser.parse_args()
    changes = {"like_mine": options.like_mine} | ({"steps": options.steps} if options.steps else {})
    jobs = [
        Job("like mine" if options.like_mine else "new", word, drawings, seed, changes)
        for drawings in options.drawings for seed in range(options.seeds) for word in options.words
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copytree(options.base, Path(scratch) / "base")
        how = {"count": options.count, "processes": options.processes, "seconds": float("inf")}
        run(jobs, archive.load(options.archive), options.judge, Path(scratch), options.out, **how)


if __name__ == "__main__":
    main()
