"""Training steps against the papers in float64 (`plain_step`); run on JAX, too."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import plain_model
import pytest
from keras import ops
from keras.config import backend

import sketchrnn_cli.training  # noqa: F401  (loads Keras quietly)
from sketchrnn_cli.data import archive, batches
from sketchrnn_cli.data.batches import Batch
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels, network
from sketchrnn_cli.store import checkpoint
from sketchrnn_cli.store.schedule import Schedule
from sketchrnn_cli.training import compiling, optimizer, start
from sketchrnn_cli.training.reports import ValidationReport
from sketchrnn_cli.training.step import Step, step_function
from sketchrnn_cli.training.step import schedule as scheduled
from sketchrnn_cli.training.trainer import Trainer

plain_step = pytest.importorskip("plain_step", reason="JAX, which differentiates the plain step, is not installed")

SMALL = HParams(
    enc_rnn_size=3,
    dec_rnn_size=4,
    z_size=3,
    num_mixture=2,
    max_seq_len=4,
    batch_size=3,
    learning_rate=0.01,
    decay_rate=0.9,
    kl_weight=0.8,
    kl_weight_start=0.1,
    kl_decay_rate=0.7,
    kl_tolerance=0.01,
    recurrent_dropout_prob=0.7,
    use_output_dropout=True,
    output_dropout_prob=0.6,
    grad_clip=0.05,
)
INPUTS = {"use_input_dropout": True, "input_dropout_prob": 0.8}
CASES = {
    "lstm": SMALL,
    "lstm_input_dropout": SMALL.replace(**INPUTS),
    "layer_norm": SMALL.replace(enc_model="layer_norm", dec_model="layer_norm", **INPUTS),
    "hyper": SMALL.replace(enc_model="hyper", dec_model="hyper", **INPUTS),
    "decoder_only": SMALL.replace(conditional=False, **INPUTS),
    "below_the_tolerance_with_sgd": SMALL.replace(kl_tolerance=50.0, optimizer="sgd", use_recurrent_dropout=False),
}
LENGTHS = (4, 1, 4)
ROWS = 5
STEPS = 3


def drawings() -> list[np.ndarray]:
    rng = np.random.default_rng(7)
    return [plain_model.random_sketch(rng, length) for length in LENGTHS]


def drawn(stream: int, step: object, shape: tuple[int, ...]) -> np.ndarray:
    """Uniform numbers that belong to a stream and a step."""
    return np.random.default_rng([stream, int(step)]).random(tuple(shape)).astype(np.float32)


def noise_of(step: object, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng([99, int(step)]).standard_normal(tuple(shape)).astype(np.float32)


def masks(hparams: HParams, step: int, rows: int, count: int) -> plain_step.Masks:
    """The masks that the numbers of `drawn` give."""

    def mask(used: bool, keep: float, stream: int, *shape: int) -> np.ndarray | None:
        return (drawn(stream, step, shape) < keep) / keep if used else None

    recurrent, keep = hparams.use_recurrent_dropout, hparams.recurrent_dropout_prob
    inputs = 5 + (hparams.z_size if hparams.conditional else 0)
    decoder = mask(recurrent, keep, network.DECODER, rows, 1, count, hparams.dec_rnn_size)
    return plain_step.Masks(
        encoder=mask(recurrent, keep, network.ENCODER, rows, 2, count, hparams.enc_rnn_size),
        decoder=None if decoder is None else decoder[:, 0],
        inputs=mask(hparams.use_input_dropout, hparams.input_dropout_prob, network.INPUT, rows, count, inputs),
        outputs=mask(
            hparams.use_output_dropout,
            hparams.output_dropout_prob,
            network.OUTPUT,
            rows,
            count,
            hparams.dec_rnn_size,
        ),
    )


def settings(hparams: HParams) -> plain_step.Settings:
    return plain_step.Settings(
        conditional=hparams.conditional,
        encoder=hparams.enc_model,
        decoder=hparams.dec_model,
        units=hparams.dec_rnn_size,
        encoder_units=hparams.enc_rnn_size,
        gaussians=hparams.num_mixture,
        longest=hparams.max_seq_len,
        clip=hparams.grad_clip,
        optimizer=hparams.optimizer,
        kl_tolerance=hparams.kl_tolerance,
    )


def schedule(hparams: HParams, step: int) -> tuple[float, float]:
    """Learning rate and KL weight (Magenta's formulas)."""
    rate = (hparams.learning_rate - hparams.min_learning_rate) * hparams.decay_rate**step + hparams.min_learning_rate
    weight = hparams.kl_weight - (hparams.kl_weight - hparams.kl_weight_start) * hparams.kl_decay_rate**step
    return rate, weight


def batch(sketches: list[np.ndarray], rows: int) -> Batch:
    """Tensors of a batch, filled up with rows of no length."""
    filled = [*sketches, *[np.zeros((0, 3), np.float32)] * (rows - len(sketches))]
    stroke5 = np.array([plain_step.five(sketch, ROWS) for sketch in filled], np.float32)
    lengths = np.array([len(sketch) for sketch in filled], np.int32)
    arrays = (stroke5, lengths, np.zeros(rows, np.int32), np.int32(len(sketches)))
    return Batch(*(ops.convert_to_tensor(array) for array in arrays))


@pytest.fixture
def given_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random numbers of the engine that the test knows, in a table from which a compiled step takes its own."""

    def of_step(step: object, tables: list[np.ndarray]) -> object:
        return ops.take(ops.convert_to_tensor(np.stack(tables)), step, axis=0)

    engine = kernels.engine()
    monkeypatch.setattr(compiling, "_kept", {})  # What is compiled with these numbers is for no other test.
    monkeypatch.setattr(
        engine,
        "uniform",
        lambda shape, seed, step, stream: of_step(step, [drawn(stream, number, shape) for number in range(STEPS + 1)]),
    )
    monkeypatch.setattr(
        engine,
        "normal",
        lambda shape, seed, step, stream: of_step(step, [noise_of(n, shape) for n in range(STEPS + 1)]),
    )


@pytest.mark.usefixtures("given_masks")
@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=() if CASES[case].optimizer == "sgd" else pytest.mark.on_jax) for case in CASES],
)
def test_three_steps_are_those_of_the_papers_the_last_of_a_batch_that_is_filled_up(case: str) -> None:
    hparams = CASES[case]
    weights = plain_model.random_weights(hparams, size=0.4 if hparams.dec_model != "hyper" else 0.1)
    learner = plain_step.Learner(weights, settings(hparams))
    slots = optimizer.slot_shapes({name: value.shape for name, value in weights.items()}, hparams)
    state = (
        {name: ops.convert_to_tensor(value) for name, value in weights.items()},
        {name: ops.zeros(shape) for name, shape in slots.items()},
    )
    take = kernels.engine().compile_step(step_function(hparams), "scan")
    clipped = 0.0
    for step, sketches in enumerate([drawings(), drawings()[::-1], drawings()[:2]]):
        told = Step(*(ops.convert_to_tensor(field) for field in scheduled(step, hparams)))
        state, metrics = take(state, batch(sketches, 3), told)
        noise = noise_of(step, (3, hparams.z_size)) if hparams.conditional else None
        rate, kl_weight = schedule(hparams, step)
        terms = learner.step(sketches, ROWS, noise, masks(hparams, step, ROWS, 3), rate, kl_weight)
        found = ops.convert_to_numpy(metrics)
        np.testing.assert_allclose(found, [*terms, kl_weight, rate], rtol=1e-5, atol=1e-6)
        clipped += np.mean([np.mean(np.abs(value) > hparams.grad_clip) for value in learner.gradients.values()])
        for name, expected in learner.weights.items():
            value = ops.convert_to_numpy(state[0][name])
            np.testing.assert_allclose(value, expected, rtol=0, atol=0.02 * rate, err_msg=f"{name}, step {step}")
        slot = "momentum" if hparams.optimizer == "sgd" else "m"
        for name, expected in learner.first.items():
            value = ops.convert_to_numpy(state[1][f"optimizer.{slot}.{name}"])
            np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-6, err_msg=f"{name}, step {step}")
    assert 0.01 < clipped / 3 < 0.9
    assert ops.convert_to_numpy(state[1][optimizer.UPDATES]).tolist() == [3.0]


@pytest.mark.on_jax
@pytest.mark.usefixtures("given_masks")
@pytest.mark.parametrize("pipeline", ["host", "device"] if backend() == "jax" else ["host"])
def test_a_run_takes_the_steps_of_the_papers_through_a_batch_filled_up_and_the_end_of_an_epoch(
    tmp_path: Path, pipeline: str
) -> None:
    """Five sketches in batches of three: a whole one and two of three rows in either order, then the next epoch."""
    hparams = SMALL.replace(
        max_seq_len=0, batch_size=3, buckets=1, random_scale_factor=0.0, augment_stroke_prob=0.0, **INPUTS
    )
    rng = np.random.default_rng(7)
    given = [(plain_model.random_sketch(rng, length) * [20, 20, 1]).astype(np.int16) for length in (4, 1, 4, 3, 2)]
    archive.write(tmp_path / "few.npz", {"train": given, "valid": given[:2], "test": []}, "made by a test")
    start.use_device("cpu", None)
    made = start.new_run(
        tmp_path / "run", [archive.load(tmp_path / "few.npz")], hparams, Schedule(validate_every=2), pipeline=pipeline
    )
    weights = plain_model.random_weights(made.hparams, size=0.4)
    trainer = Trainer(made.folder, made.sidecar, made.training, made.validation, made.run, weights)
    reports = [report for report in trainer.train(STEPS) if isinstance(report, ValidationReport)]

    hparams, scale = trainer.hparams, trainer.sidecar.units_per_model_unit
    orders = [
        [planned.sketches for planned in batches.plan(trainer.training, hparams, trainer.engine.lengths, epoch)]
        for epoch in (0, 1)
    ]
    for order in orders:
        assert sorted(map(len, order)) == [2, 3]
        assert sorted(np.concatenate(order)) == [0, 1, 2, 3, 4]
    learner, losses = plain_step.Learner(weights, settings(hparams)), []
    for step, chosen in enumerate([*orders[0], orders[1][0]]):
        sketches = [given[number] / [scale, scale, 1.0] for number in chosen]
        noise, given_to = noise_of(step, (3, hparams.z_size)), masks(hparams, step, ROWS, 3)
        losses.append(learner.step(sketches, ROWS, noise, given_to, *schedule(hparams, step)).loss)
    assert [report.training_loss for report in reports] == pytest.approx([np.mean(losses[:2]), losses[2]], rel=1e-5)
    saved = checkpoint.load(trainer.folder / "steps" / trainer.run.last).weights
    for name, expected in learner.weights.items():
        atol = 0.02 * hparams.learning_rate
        np.testing.assert_allclose(saved[name], expected, rtol=0, atol=atol, err_msg=name)


def test_every_place_of_dropout_has_a_stream_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    hparams, engine, asked = CASES["lstm_input_dropout"], kernels.engine(), []

    def uniform(shape: tuple[int, ...], seed: int, step: object, stream: int) -> object:
        asked.append(stream)
        return ops.convert_to_tensor(drawn(stream, step, shape))

    def normal(shape: tuple[int, ...], seed: int, step: object, stream: int) -> object:
        asked.append(stream)
        return ops.convert_to_tensor(noise_of(step, shape))

    monkeypatch.setattr(engine, "uniform", uniform)
    monkeypatch.setattr(engine, "normal", normal)
    weights = plain_model.random_weights(hparams)
    slots = optimizer.slot_shapes({name: value.shape for name, value in weights.items()}, hparams)
    state = (
        {name: ops.convert_to_tensor(value) for name, value in weights.items()},
        {name: ops.zeros(shape) for name, shape in slots.items()},
    )
    told = Step(*(ops.convert_to_tensor(field) for field in scheduled(0, hparams)))
    step_function(hparams)(state, batch(drawings(), 3), told)
    assert len(set(asked)) == 5, "z, encoder, decoder, inputs, outputs"


def test_schedules_are_right_to_a_millionth_at_the_millionth_step() -> None:
    hparams = HParams(decay_rate=0.999999, kl_decay_rate=0.9999993, min_learning_rate=0.0, kl_weight_start=0.0)
    told = scheduled(1_000_000, hparams)
    rate = Decimal("0.999999") ** 1_000_000 * Decimal("0.001")
    assert float(told.learning_rate) == pytest.approx(float(rate), rel=1e-6)
    remains = Decimal("0.9999993") ** 1_000_000
    assert float(told.kl_weight) == pytest.approx(float((1 - remains) / 2), rel=1e-6)
