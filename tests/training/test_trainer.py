"""Training as a whole: it learns, it goes on where it stopped, it never saves nonsense; run again on JAX."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from sketchrnn_cli.data import archive
from sketchrnn_cli.errors import CheckpointError, DataError, TrainingError, UsageError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels
from sketchrnn_cli.store import checkpoint, names, runs
from sketchrnn_cli.store.lock import locked
from sketchrnn_cli.store.schedule import Schedule
from sketchrnn_cli.training import budget, packing, schedules, start
from sketchrnn_cli.training.blocks import tensor
from sketchrnn_cli.training.evaluation import Evaluation, batches, evaluate, evaluator
from sketchrnn_cli.training.reports import CompileReport, StepReport, ValidationReport
from sketchrnn_cli.training.trainer import Trainer

TINY = HParams(enc_rnn_size=6, dec_rnn_size=8, z_size=4, num_mixture=2, batch_size=4, buckets=2, seed=3)


def sketches(count: int, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        points = rng.integers(-30, 30, (int(rng.integers(2, 9)), 3)).astype(np.int16)
        points[:, 2] = rng.random(len(points)) < 0.3
        points[-1, 2] = 1
        made.append(points)
    return made


def write_data(path: Path, valid: int = 7, seed: int = 1) -> Path:
    splits = {"train": sketches(18, seed), "valid": sketches(valid, 2), "test": sketches(3, 3)}
    archive.write(path, splits, "made by a test")
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data(tmp_path / "shapes.npz")


EVERY_EPOCH = Schedule(validate_every=5)
PIPELINES = ["host", "device"] if keras.backend.backend() == "jax" else ["host"]


def begin(
    folder: Path, data: Path, schedule: Schedule = EVERY_EPOCH, pipeline: str = "host", **changes: object
) -> Trainer:
    start.use_device("cpu", None)
    sets, hparams = [archive.load(data)], TINY.replace(**changes)
    return start.new_run(folder, sets, hparams, schedule, pipeline=pipeline)


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def state(folder: Path) -> tuple[dict[str, np.ndarray], bytes]:
    step = folder / "steps" / runs.read_run(folder).last
    return checkpoint.load(step).weights, (step / runs.STATE).read_bytes()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, np.ndarray], bytes]:
    """What eight steps without a stop come to; an epoch has five."""
    folder = tmp_path_factory.mktemp("undisturbed")
    trainer = begin(folder / "run", write_data(folder / "shapes.npz"))
    assert trainer.steps_per_epoch == 5
    list(trainer.train(8))
    return state(folder / "run")


def test_one_batch_can_be_learnt_by_heart(tmp_path: Path) -> None:
    path = tmp_path / "few.npz"
    archive.write(path, {"train": sketches(4, 1), "valid": [], "test": []}, "made by a test")
    trainer = begin(
        tmp_path / "run", path, dec_rnn_size=32, enc_rnn_size=16, use_recurrent_dropout=False, kl_weight=0.0,
        kl_weight_start=0.0, random_scale_factor=0.0, augment_stroke_prob=0.0, learning_rate=0.01, decay_rate=0.999,
    )  # fmt: skip
    losses = [report.loss for report in trainer.train(400) if isinstance(report, StepReport)]
    assert losses[0] > 1.0
    assert losses[-1] < losses[0] - 2.0


@pytest.mark.parametrize(
    "stop",
    [
        pytest.param(2, id="first_epoch"),
        pytest.param(5, id="epoch_end"),
        pytest.param(7, id="second_epoch", marks=pytest.mark.on_jax),
    ],
)
def test_a_resumed_run_ends_with_the_bits_of_one_that_never_stopped(
    tmp_path: Path, data: Path, undisturbed: tuple[dict[str, np.ndarray], bytes], stop: int
) -> None:
    list(begin(tmp_path / "run", data).train(stop))
    resumed = start.resumed_run("run", tmp_path, {})
    assert resumed.step == stop
    list(resumed.train(8))
    weights, slots = state(tmp_path / "run")
    assert same(weights, undisturbed[0])
    assert slots == undisturbed[1]


@pytest.mark.on_jax
def test_a_run_taken_back_to_a_kept_epoch_ends_with_the_bits_of_one_that_never_stopped(
    tmp_path: Path, data: Path, undisturbed: tuple[dict[str, np.ndarray], bytes]
) -> None:
    trainer = begin(tmp_path / "run", data, Schedule(keep_every=1, validate_every=5))
    list(trainer.train(10))
    back = start.resumed_run("run@epoch-1", tmp_path, {})
    assert back.step == 5
    list(back.train(8))
    weights, slots = state(tmp_path / "run")
    assert same(weights, undisturbed[0])
    assert slots == undisturbed[1]
    assert sorted(folder.name for folder in (tmp_path / "run" / "steps").iterdir()) == ["000005", "000008"]


def test_a_run_taken_back_replaces_what_other_data_made_of_a_step(tmp_path: Path, data: Path) -> None:
    trainer = begin(tmp_path / "run", data, Schedule(keep_every=1, validate_every=5))
    list(trainer.train(10))
    before = state(tmp_path / "run")
    archive.write(data, {"train": sketches(18, 9), "valid": sketches(7, 2), "test": []}, "another")
    list(start.resumed_run("run@epoch-1", tmp_path, {}, force=True).train(10))
    after = state(tmp_path / "run")
    assert runs.read_run(tmp_path / "run").last == "000010"
    assert not same(before[0], after[0])


def test_a_run_that_begins_from_other_weights_late_in_the_schedule_takes_steps_of_the_learning_rate(
    tmp_path: Path, data: Path
) -> None:
    list(begin(tmp_path / "first", data).train(2))
    first = names.load("first", tmp_path)
    late = start.new_run(
        tmp_path / "late", [archive.load(data)], first.hparams, Schedule(epochs=200), first, initial_epoch=100
    )
    before = late.checkpoint().weights
    list(late.train(late.step + 1))
    learning_rate = schedules.learning_rate(100 * late.steps_per_epoch, late.hparams)
    moved = np.concatenate([np.abs(value - before[name]).ravel() for name, value in late.checkpoint().weights.items()])
    assert 0.9 * learning_rate < moved.max() < 1.1 * learning_rate


def test_a_run_told_to_stop_saves_and_goes_on_the_same(
    tmp_path: Path, data: Path, undisturbed: tuple[dict[str, np.ndarray], bytes]
) -> None:
    stopped = begin(tmp_path / "run", data)
    for _ in stopped.train(8):
        stopped.stopping = True
    assert 0 < stopped.step < 8
    assert int(runs.read_run(tmp_path / "run").last) == stopped.step
    list(start.resumed_run("run", tmp_path, {}).train(8))
    assert same(state(tmp_path / "run")[0], undisturbed[0])


@pytest.mark.parametrize("optimizer", [pytest.param("adam", marks=pytest.mark.on_jax), "sgd"])
def test_training_changes_every_weight_and_keeps_what_was_handed_out(
    tmp_path: Path, data: Path, optimizer: str
) -> None:
    trainer = begin(tmp_path / "run", data, optimizer=optimizer)
    before = trainer.checkpoint().weights
    copies = {name: value.copy() for name, value in before.items()}
    list(trainer.train(3))
    assert same(before, copies)
    after = trainer.checkpoint().weights
    assert [name for name in after if np.array_equal(after[name], before[name])] == []


def test_a_loss_that_is_not_finite_stops_training_and_leaves_the_checkpoint_whole(tmp_path: Path, data: Path) -> None:
    list(begin(tmp_path / "run", data).train(5))
    before = state(tmp_path / "run")
    trainer = start.resumed_run("run", tmp_path, {})
    trainer._state = packing.map_arrays(lambda array: array * float("nan"), trainer._state)
    with pytest.raises(TrainingError, match=r"not finite at step 6; the checkpoint of step 5 is whole"):
        list(trainer.train(20))
    after = state(tmp_path / "run")
    assert same(before[0], after[0])
    assert before[1] == after[1]


@pytest.mark.on_jax
def test_a_device_that_fails_ends_the_run_which_resumes(
    tmp_path: Path, data: Path, undisturbed: tuple[dict[str, np.ndarray], bytes]
) -> None:
    list(begin(tmp_path / "run", data).train(5))
    trainer, failure = start.resumed_run("run", tmp_path, {}), kernels.engine().DEVICE_ERRORS[0]

    def fail(*arrays: object) -> None:
        raise failure("out of memory") if keras.backend.backend() == "jax" else failure(None, None, "out of memory", 8)

    trainer._train = fail
    with pytest.raises(TrainingError, match=r"failed at step 5 \(kernel scan\): out of memory; .* of step 5 stands"):
        list(trainer.train(8))
    list(start.resumed_run("run", tmp_path, {}).train(8))
    assert same(state(tmp_path / "run")[0], undisturbed[0])


def test_weights_that_are_not_finite_are_never_saved(tmp_path: Path, data: Path) -> None:
    trainer = begin(tmp_path / "run", data)
    trainer._state = packing.map_arrays(lambda array: array * float("inf"), trainer._state)
    with pytest.raises(TrainingError, match="the weights are not finite at step 0; nothing was saved before"):
        trainer.save()
    assert not (tmp_path / "run").exists()


def test_best_is_the_lowest_validation_and_last_the_last(tmp_path: Path) -> None:
    data = write_data(tmp_path / "shapes.npz", valid=30)
    trainer = begin(tmp_path / "run", data, learning_rate=0.2)
    reports = [report for report in trainer.train(40) if isinstance(report, ValidationReport)]
    values = [report.validation.validation_loss(trainer.hparams) for report in reports if report.validation]
    assert len(values) == 8
    assert [report.is_best for report in reports] == [value == min(values[: i + 1]) for i, value in enumerate(values)]
    run = runs.read_run(tmp_path / "run")
    assert (int(run.last), int(run.best)) == (40, reports[int(np.argmin(values))].step)
    assert run.best != run.last
    assert checkpoint.load(tmp_path / "run" / "steps" / run.best).sidecar.best == pytest.approx(min(values))


@pytest.mark.parametrize(
    ("kl", "expected"), [(0.1, 1.0 + 0.5 * 0.2), (0.6, 1.0 + 0.5 * 0.6)], ids=["below_tolerance", "above"]
)
def test_the_validation_loss_weighs_kl_with_its_final_weight_above_the_tolerance(kl: float, expected: float) -> None:
    measured = Evaluation(np.array([4.0, 6.0]), np.array([5.0, 5.0]), np.array([kl, kl]), np.array([3, 4]), 10)
    assert measured.validation_loss(HParams()) == pytest.approx(expected)
    assert measured.per_point == pytest.approx(20 / 7)


def test_the_validation_figure_is_at_full_length_and_independent_of_the_batch_size(tmp_path: Path, data: Path) -> None:
    trainer = begin(tmp_path / "run", data)
    figures = []
    for rows, buckets in ((2, 1), (7, 3), (500, 5)):
        hparams = trainer.hparams.replace(batch_size=rows, buckets=buckets)
        seen: list[tuple[int, ...]] = []
        evaluate_batch = evaluator(hparams)

        def measure(*arrays: object, run: Callable = evaluate_batch, seen: list = seen) -> object:
            seen.append(tuple(arrays[1].rows.shape))
            return run(*arrays)

        scale = trainer.sidecar.scale_factor
        made = batches(trainer.validation, scale, hparams)
        weights = {name: tensor(value) for name, value in trainer.checkpoint().weights.items()}
        measured = evaluate(measure, weights, made, trainer.validation.lengths, hparams)
        assert {shape[1] for shape in seen} == {trainer.hparams.max_seq_len + 1}
        figures.append(np.stack([measured.offset, measured.pen, measured.kl]))
    np.testing.assert_array_equal(figures[0], figures[1])
    np.testing.assert_array_equal(figures[0], figures[2])


def test_validation_comes_by_steps_and_at_the_end_and_epochs_are_kept_in_between(tmp_path: Path, data: Path) -> None:
    trainer = begin(tmp_path / "run", data, Schedule(validate_every=12, keep_every=5))
    reports = [report for report in trainer.train(35) if isinstance(report, ValidationReport)]
    assert [report.step for report in reports] == [12, 24, 35]
    assert runs.read_run(tmp_path / "run").kept == {"5": "000025"}


def test_how_often_is_validated_depends_on_the_sizes_of_data_and_model_alone(tmp_path: Path, data: Path) -> None:
    few = begin(tmp_path / "few", data, Schedule())
    many = begin(tmp_path / "many", write_data(tmp_path / "many.npz", valid=900), Schedule(steps=7))
    assert few.engine.validate_every == budget.MIN_INTERVAL
    assert many.engine.validate_every > 2 * budget.MIN_INTERVAL


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_a_resume_computes_with_what_the_run_records(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch, pipeline: str
) -> None:
    monkeypatch.setitem(start.COMPILING_STEPS, "cpu", 0.0)
    whole = begin(tmp_path / "whole", data, Schedule(steps=8), pipeline, buckets=3)
    list(whole.train())
    list(begin(tmp_path / "run", data, Schedule(steps=8), pipeline, buckets=3).train(3))
    monkeypatch.setattr(budget, "MIN_INTERVAL", 2)
    monkeypatch.setitem(start.COMPILING_STEPS, "cpu", 1e9)
    monkeypatch.setattr(start, "fits_device", lambda sketches: pipeline == "host")
    resumed = start.resumed_run("run", tmp_path, {})
    assert resumed.engine == whole.engine
    assert len(whole.engine.lengths) > 1
    list(resumed.train())
    assert same(state(tmp_path / "run")[0], state(tmp_path / "whole")[0])


@pytest.mark.on_jax
@pytest.mark.skipif(keras.backend.backend() != "jax", reason="TensorFlow makes its batches on the host")
def test_batches_made_on_the_device_train_the_same_as_those_of_the_host(tmp_path: Path, data: Path) -> None:
    trained = []
    for pipeline in ("host", "device"):
        trainer = begin(tmp_path / pipeline, data, EVERY_EPOCH, pipeline)
        losses = [report.training_loss for report in trainer.train(12) if isinstance(report, ValidationReport)]
        assert losses
        trained.append(state(tmp_path / pipeline)[0])
    for name, value in trained[0].items():
        np.testing.assert_allclose(trained[1][name], value, atol=2e-4, err_msg=name)


class Clock:
    """A clock that only moves when told to, or by `tick` at each look."""

    def __init__(self, tick: float = 0.0) -> None:
        self.now, self.tick = 0.0, tick

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


def with_clock(trainer: Trainer, clock: Clock) -> Trainer:
    trainer._clock = trainer._progress._clock = clock
    trainer.began = clock()
    return trainer


def test_reports_count_every_step_once_and_come_by_the_clock(tmp_path: Path, data: Path) -> None:
    still = with_clock(begin(tmp_path / "still", data, Schedule(validate_every=20)), Clock())
    reports = [report for report in still.train(40) if isinstance(report, StepReport)]
    assert reports[-1].step == 40
    assert len(reports) <= 2 + len(still.engine.lengths)  # Two validations, and before each compilation.
    moving = with_clock(begin(tmp_path / "moving", data, Schedule(validate_every=20)), Clock(1.0))
    reports = [report for report in moving.train(40) if isinstance(report, StepReport)]
    steps = [report.step for report in reports]
    assert steps == sorted(set(steps))
    assert len(steps) > 30


def test_the_speed_shown_is_sketches_by_the_clock_while_steps_run(tmp_path: Path, data: Path) -> None:
    clock = Clock()
    trainer = with_clock(begin(tmp_path / "run", data, Schedule(validate_every=1000), buckets=1), clock)
    shown = []
    for report in trainer.train(60):
        if isinstance(report, StepReport):
            shown.append(report.sketches_per_second)
            clock.now += 10.0  # The reader takes its time: the next report comes after one step.
        elif isinstance(report, CompileReport):
            clock.now += 1000.0
    timed = trainer.times
    assert timed.sketches_timed == pytest.approx(18 * timed.steps_timed / 5, abs=4)
    assert timed.sketches_timed / timed.steps == pytest.approx(np.mean(shown[2:]), rel=0.2)
    assert timed.compile < 1000.0 < clock.now
    assert timed.steps + timed.validate + timed.compile <= clock.now


def test_a_save_falls_inside_a_long_epoch(tmp_path: Path, data: Path) -> None:
    clock = Clock(10.0)
    trainer = with_clock(begin(tmp_path / "run", data, Schedule(validate_every=1000, save_every=100.0)), clock)
    saved = set()
    for _ in trainer.train(4):
        trainer._saver.flush()
        saved.add(trainer.run.last)
    assert {int(step) for step in saved if step} - {4}


def test_an_absent_split_is_said_to_mean_something(tmp_path: Path) -> None:
    data = write_data(tmp_path / "shapes.npz", valid=0)
    (note,) = [note for note in begin(tmp_path / "run", data).notes if "no valid drawings" in note]
    assert "none chooses @best, which is the last step" in note


def test_of_fewer_than_thirty_validation_sketches_the_best_step_is_the_last(tmp_path: Path) -> None:
    data = write_data(tmp_path / "shapes.npz", valid=29)
    trainer = begin(tmp_path / "run", data, learning_rate=0.2)
    assert "29 validation drawings are too few to choose by: @best is the last step" in trainer.notes
    reports = [report for report in trainer.train(40) if isinstance(report, ValidationReport)]
    values = [report.validation.validation_loss(trainer.hparams) for report in reports if report.validation]
    assert np.argmin(values) < len(values) - 1
    assert not any(report.is_best for report in reports)
    run = runs.read_run(tmp_path / "run")
    assert (run.best, int(run.last)) == (run.last, 40)
    with pytest.raises(UsageError, match="--patience 2: 29 validation drawings are too few"):
        begin(tmp_path / "other", data, Schedule(patience=2))


def test_a_drawing_that_sets_n_max_alone_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    long, usual = np.tile([[3, 4, 0]], (241, 1)), sketches(20, 1)
    archive.write(path, {"train": [*usual, long.astype(np.int16)], "valid": [], "test": []}, "made by a test")
    most = max(map(len, usual))
    (note,) = (note for note in begin(tmp_path / "run", path).notes if "N_max" in note)
    assert note.startswith(f"1 of the drawings set N_max to 241 points, 99 % have {most} at most: --max-seq-len {most}")
    assert not any("N_max" in note for note in begin(tmp_path / "run", path, max_seq_len=most).notes)
    first = begin(tmp_path / "run", path, max_seq_len=300).checkpoint()
    for limit, is_schedules in ((300, True), (most, False)):
        hparams = TINY.replace(max_seq_len=limit)
        notes = start.new_run(tmp_path / "run", [archive.load(path)], hparams, EVERY_EPOCH, first).notes
        assert (
            any(note.startswith(f"1 of the drawings reach 241 points, 99 % have {most}") for note in notes)
            == is_schedules
        )


def test_patience_ends_a_run(tmp_path: Path) -> None:
    data = write_data(tmp_path / "shapes.npz", valid=30)
    trainer = begin(tmp_path / "run", data, Schedule(validate_every=5, patience=2), learning_rate=0.2)
    reports = [report for report in trainer.train(4000) if isinstance(report, ValidationReport)]
    best = max(report.step for report in reports if report.is_best)
    assert trainer.step == best + 2 * trainer.steps_per_epoch < 4000
    assert int(runs.read_run(tmp_path / "run").last) == trainer.step


def test_a_budget_in_minutes_becomes_steps_and_fits_the_schedules(tmp_path: Path, data: Path) -> None:
    clock = Clock()
    trainer = with_clock(begin(tmp_path / "run", data, Schedule(minutes=1.0, validate_every=1000)), clock)
    for report in trainer.train():
        clock.now += 0.5 if isinstance(report, StepReport) else 0.0
        if trainer.total_steps is not None and trainer.step > 20:
            trainer.stopping = True
    assert trainer.total_steps is not None
    run = runs.read_run(tmp_path / "run")
    assert (run.schedule.minutes, run.schedule.steps) == (None, trainer.total_steps)
    assert trainer.hparams.decay_rate == pytest.approx(TINY.decay_rate ** (budget.FULL_STEPS / trainer.total_steps))
    resumed = start.resumed_run("run", tmp_path, {})
    assert (resumed.total_steps, resumed.hparams) == (trainer.total_steps, trainer.hparams)


@pytest.mark.on_jax
def test_an_error_in_the_background_is_raised_and_the_threads_end(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(begin(tmp_path / "run", data).train(5))
    before = state(tmp_path / "run")
    threads = set(threading.enumerate())
    trainer = start.resumed_run("run", tmp_path, {"save_every": 0})

    def full(*arguments: object) -> None:
        raise CheckpointError("no space left")

    monkeypatch.setattr(runs, "save_step", full)
    with pytest.raises(CheckpointError, match="no space left"):
        list(trainer.train(2000))
    assert trainer.step < 2000
    assert same(state(tmp_path / "run")[0], before[0])
    for thread in set(threading.enumerate()) - threads:  # JAX may still be compiling a length.
        thread.join(120)
        assert not thread.is_alive()


def test_two_trainings_of_one_run_exclude_each_other(tmp_path: Path, data: Path) -> None:
    first, second = (begin(tmp_path / "run", data) for _ in range(2))
    running = first.train(20)
    next(running)
    with pytest.raises(CheckpointError, match="another process is training this run"):
        list(second.train(5))
    list(running)
    with pytest.raises(CheckpointError, match="another training has written it"):
        list(second.train(5))
    assert int(runs.read_run(tmp_path / "run").last) == 20


def test_a_run_that_another_process_trains_is_not_read_while_its_steps_come_and_go(tmp_path: Path, data: Path) -> None:
    list(begin(tmp_path / "run", data).train(1))
    (tmp_path / "run" / "steps" / "000001" / runs.STATE).unlink()
    with locked(tmp_path / "run"), pytest.raises(CheckpointError, match="another process is training this run"):
        start.resumed_run("run", tmp_path, {})


def test_a_run_is_locked_until_its_trainer_has_noted_what_was_read(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(begin(tmp_path / "run", data).train(1))

    def made(*arguments: Any) -> Trainer:
        with pytest.raises(CheckpointError, match="another process"), locked(tmp_path / "run"):
            pass
        return Trainer(*arguments)

    monkeypatch.setattr(start, "Trainer", made)
    assert start.resumed_run("run", tmp_path, {}).step == 1


def test_a_budget_that_is_spent_before_training_begins_is_refused(tmp_path: Path, data: Path) -> None:
    list(begin(tmp_path / "run", data).train(5))
    with pytest.raises(UsageError, match="--steps 3: training begins at step 5"):
        start.resumed_run("run", tmp_path, {"steps": 3})
    first = names.load("run", tmp_path)
    with pytest.raises(UsageError, match="--epochs 2: training begins at step 16"):
        start.new_run(tmp_path / "new", [archive.load(data)], first.hparams, Schedule(epochs=2), first, 3)


def test_a_run_whose_project_moved_finds_its_data_by_name_and_hash(tmp_path: Path, data: Path) -> None:
    list(begin(tmp_path / "run", data).train(1))
    (tmp_path / "elsewhere").mkdir()
    moved = data.rename(tmp_path / "elsewhere" / data.name)
    with pytest.raises(DataError, match="--data-dir says where"):
        start.resumed_run("run", tmp_path, {}, data_dir=tmp_path / "nowhere")
    assert start.resumed_run("run", tmp_path, {}, data_dir=moved.parent).run.data == (str(moved.resolve()),)
    write_data(moved, seed=5)
    with pytest.raises(DataError, match="changed since the run began"):
        start.resumed_run("run", tmp_path, {}, data_dir=moved.parent)


def test_resuming_is_refused_when_the_data_changed(tmp_path: Path, data: Path) -> None:
    list(begin(tmp_path / "run", data).train(1))
    archive.write(data, {"train": sketches(18, 9), "valid": [], "test": []}, "another")
    with pytest.raises(DataError, match="changed since the run began"):
        start.resumed_run("run", tmp_path, {})
    assert start.resumed_run("run", tmp_path, {}, force=True).step == 1
