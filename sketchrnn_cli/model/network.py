"""The training engine: the paper's model over whole batches, in `keras.ops`, for any backend.

Everything is a function of a dict of weights, with the names of the checkpoint's tensors.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from keras import ops

from sketchrnn_cli.data.batches import Batch
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import cells, equations, kernels, transformer
from sketchrnn_cli.model.kernels import cudnn
from sketchrnn_cli.model.kernels.steps import Dropout
from sketchrnn_cli.model.weights import INPUT_SIZE, part

Array = Any
LATENT, ENCODER, DECODER, INPUT, OUTPUT, LABEL = range(6)
"""Random streams: z, and each use of dropout."""
TRANSFORMER = 100
"""First random stream of a Transformer, which has one per use of dropout."""


class SketchLosses(NamedTuple):
    """Loss sums per sketch, `[batch]` (see `equations`), not yet divided by N_max."""

    offset: Array
    pen: Array
    kl: Array


def encode(
    weights: Mapping[str, Array], rows: Array, lengths: Array, hparams: HParams, dropout: int | None, step: Array
) -> tuple[Array, Array]:
    """Return μ and σ̂, each `[batch, z]`, of stroke-5 rows `[batch, time, 5]`.

    Args:
        weights: the model's tensors.
        rows: S₁ ... S_T.
        lengths: points of each sketch, `[batch]`; the encoder ignores later rows, unless it is not masked: then it
            reads N_max rows.
        hparams: sizes and cells.
        dropout: seed of recurrent dropout; None for none.
        step: training step, for the dropout.
    """
    time = ops.arange(rows.shape[1], dtype="int32")[None, :]
    if not hparams.mask_encoder:
        lengths = ops.full_like(lengths, hparams.max_seq_len)
    back = ops.where(time < lengths[:, None], lengths[:, None] - 1 - time, time)
    views = {"forward": rows, "backward": ops.take_along_axis(rows, back[:, :, None], axis=1)}
    parts = [part(weights, f"encoder.{name}") for name in views]
    inputs = [time_major(view) for view in views.values()]
    outputs = _run(inputs, None, parts, hparams.enc_model, None, hparams, dropout, ENCODER, step)
    last = ops.maximum(lengths - 1, 0)[None, None, :, None]
    encoded = ops.take_along_axis(outputs, last, axis=0)[0]
    return equations.latent_distribution(ops, weights, ops.concatenate([encoded[0], encoded[1]], axis=-1))


def decode(
    weights: Mapping[str, Array], rows: Array, v: Array | None, hparams: HParams, dropout: int | None, step: Array
) -> Array:
    """Return the decoder outputs h, `[time, batch, units]`, with teacher forcing.

    Args:
        weights: the model's tensors.
        rows: S₁ ... S_T, `[batch, time, 5]`.
        v: `equations.condition`, or None.
        hparams: sizes and cells.
        dropout: seed of dropout; None for none.
        step: training step, for the dropout.
    """
    start = ops.broadcast_to(equations.START, (rows.shape[0], 1, 5))
    inputs = time_major(ops.concatenate([start, rows[:, :-1]], axis=1))
    if hparams.dec_model == "transformer":
        outputs = _attend(weights, inputs, v, hparams, dropout, step)
    else:
        outputs = _recur(weights, inputs, v, hparams, dropout, step)
    if dropout is not None and hparams.use_output_dropout:
        outputs = outputs * keep_mask(outputs.shape, hparams.output_dropout_prob, dropout, step, OUTPUT)
    return outputs


def _recur(
    weights: Mapping[str, Array], inputs: Array, v: Array | None, hparams: HParams, dropout: int | None, step: Array
) -> Array:
    """Return the outputs of a recurrent decoder for inputs `[time, batch, 5]`."""
    state = None
    if v is not None and hparams.first_state == "trained":
        state = equations.first_state(ops, weights, v, hparams)
    if dropout is not None and hparams.use_input_dropout:
        inputs, v = _joined(inputs, v), None
        inputs = inputs * keep_mask(inputs.shape, hparams.input_dropout_prob, dropout, step, INPUT)
    decoder = [part(weights, "decoder")]
    return _run([inputs], v, decoder, hparams.dec_model, state, hparams, dropout, DECODER, step)[:, 0]


def _attend(
    weights: Mapping[str, Array], inputs: Array, v: Array | None, hparams: HParams, dropout: int | None, step: Array
) -> Array:
    """Return the outputs of a Transformer for inputs `[time, batch, 5]`."""
    if dropout is not None and hparams.use_input_dropout:
        inputs = inputs * keep_mask(inputs.shape, hparams.input_dropout_prob, dropout, step, INPUT)

    def product(a: Array, b: Array) -> Array:
        if hparams.precision == "float32":
            return ops.matmul(a, b)
        return ops.cast(ops.matmul(ops.cast(a, hparams.precision), ops.cast(b, hparams.precision)), "float32")

    def drop(x: Array, place: int) -> Array:
        rate = hparams.transformer_dropout * (1.0 if place else 0.5)
        if dropout is None or rate == 0.0:
            return x
        return x * keep_mask(x.shape, 1.0 - rate, dropout, step, TRANSFORMER + place)

    decoder = part(weights, "decoder")
    return time_major(transformer.sequence(ops, decoder, time_major(inputs), v, hparams, product, drop))


def sketch_losses(
    weights: Mapping[str, Array],
    batch: Batch,
    hparams: HParams,
    dropout: int | None,
    noise: Array | None,
    step: Array,
    floor: float | None = None,
) -> SketchLosses:
    """Return the loss sums of every sketch; 0 for rows of length 0.

    Args:
        weights: the model's tensors.
        batch: the sketches.
        hparams: sizes and cells.
        dropout: seed of dropout; None for none.
        noise: N(0, I) samples for the latent vectors, `[batch, z]`; unused by a decoder-only model.
        step: training step, for the dropout.
        floor: of an offset's log density (see `equations.reconstruction_terms`).
    """
    rows, lengths = batch.rows, batch.lengths
    real = ops.cast(lengths > 0, "float32")
    time = rows.shape[1]  # All-zero rows, without a pen state, contribute nothing.
    rows = ops.pad(rows, [(0, 0), (0, kernels.padded_time(time, hparams) - time), (0, 0)])
    z, kl = None, ops.zeros_like(real)
    if hparams.conditional:
        mu, sigma_hat = encode(weights, rows, lengths, hparams, dropout, step)
        z = equations.sample_latent(ops, mu, sigma_hat, noise)
        kl = equations.kl_terms(ops, mu, sigma_hat) * real
    v = equations.condition(ops, weights, z, shown_labels(batch.labels, hparams, dropout, step))
    h = decode(weights, rows, v, hparams, dropout, step)
    mixture = equations.output_layer(ops, _aligned(weights), h, hparams)
    offset, pen = equations.reconstruction_terms(ops, mixture, time_major(rows), floor)
    return SketchLosses(ops.sum(offset, axis=0) * real, ops.sum(pen, axis=0) * real, kl)


def shown_labels(labels: Array, hparams: HParams, dropout: int | None, step: Array) -> Array:
    """Return labels; in training, some are dropped to 0, "any"."""
    if dropout is None or not hparams.num_classes:
        return labels
    kept = kernels.engine().uniform(labels.shape, dropout, step, LABEL) >= hparams.class_dropout
    return ops.where(kept, labels, 0)


def batch_losses(sums: SketchLosses, lengths: Array, max_seq_len: int) -> equations.Losses:
    """Return L_S, L_P and L_KL of a batch: means over its sketches, the first two divided by N_max (equation 9)."""
    sketches = ops.maximum(ops.sum(ops.cast(lengths > 0, "float32")), 1.0)
    return equations.Losses(
        offset=ops.sum(sums.offset) / (sketches * max_seq_len),
        pen=ops.sum(sums.pen) / (sketches * max_seq_len),
        kl=ops.sum(sums.kl) / sketches,
    )


def keep_mask(shape: Any, keep: float, seed: int, step: Array, stream: int) -> Array:
    """Return a dropout mask: 1 / keep with probability keep, else 0."""
    return ops.cast(kernels.engine().uniform(shape, seed, step, stream) < keep, "float32") / keep


def time_major(x: Array) -> Array:
    """Return `[batch, time, n]` as `[time, batch, n]`."""
    return ops.transpose(x, (1, 0, 2))


def _joined(rows: Array, v: Array | None) -> Array:
    """Return rows `[time, batch, 5]` with v `[batch, condition size]` behind each."""
    if v is None:
        return rows
    return ops.concatenate([rows, ops.broadcast_to(v[None], (rows.shape[0], *v.shape))], axis=-1)


def _aligned(weights: Mapping[str, Array]) -> dict[str, Array]:
    """Widen the output layer to a multiple of 8 numbers, which a GPU multiplies much faster than 6M + 3."""
    kernel, bias = weights["output.kernel"], weights["output.bias"]
    extra = -bias.shape[0] % 8
    return {"output.kernel": ops.pad(kernel, [(0, 0), (0, extra)]), "output.bias": ops.pad(bias, [(0, extra)])}


def _run(
    inputs: list[Array],
    v: Array | None,
    weights: list[dict[str, Array]],
    name: str,
    state: tuple[Array, Array] | None,
    hparams: HParams,
    dropout: int | None,
    stream: int,
    step: Array,
) -> Array:
    """Run one cell per direction in parallel; return all h, `[time, directions, batch, units]`.

    Args:
        inputs: per direction, `[time, batch, n]`; bare rows get no gradient.
        v: `[batch, condition size]`, concatenated to the inputs of every step, or None.
        weights: tensors per direction.
        name: the cell.
        state: initial (h, c), each `[batch, state size]`; None for zeros.
        hparams: kernel, precision, gate activation.
        dropout: seed of recurrent dropout; None for none.
        stream: random stream of the dropout.
        step: training step, for the dropout.
    """
    (time, batch, n), directions = inputs[0].shape, len(inputs)
    cell, units = cells.of(name, hparams), weights[0]["recurrent_kernel"].shape[0]
    if state is None:
        zeros = ops.zeros((directions, batch, cell.state_size(units)))
        state = (zeros, zeros)
    else:
        state = (state[0][None], state[1][None])
    if kernels.chosen(hparams) == "cudnn":
        outputs = [
            cudnn.lstm(_joined(x, v), w, state[0][d], state[1][d])
            for d, (x, w) in enumerate(zip(inputs, weights, strict=True))
        ]
        return ops.stack(outputs, axis=1)
    shape, keep = (time, directions, batch, units), hparams.recurrent_keep
    dropout = None if keep == 1.0 else dropout
    engine = kernels.engine()
    if name == "lstm" and hparams.gate_activation == "sigmoid" and n == INPUT_SIZE:
        latent = ops.concatenate([ops.zeros((batch, n)), *([] if v is None else [v])], axis=-1)
        return kernels.fused_lstm(hparams)(
            rows=ops.stack(inputs, axis=1),
            constant=ops.stack([cell.project(ops, tensors, latent) for tensors in weights]),
            kernel=ops.stack([tensors["kernel"][:n] for tensors in weights]),
            recurrent=ops.stack([tensors["recurrent_kernel"] for tensors in weights]),
            h=state[0],
            c=state[1],
            dropout=None if dropout is None else Dropout(engine.uniform(shape, dropout, step, stream) < keep, keep),
            products=hparams.precision,
        )
    projected = ops.stack([cell.project(ops, w, _joined(x, v)) for x, w in zip(inputs, weights, strict=True)], axis=1)
    mask = None if dropout is None else keep_mask(shape, keep, dropout, step, stream)

    def advance(state: tuple[Array, Array], step_inputs: Any) -> tuple[Array, Array]:
        now, kept = (step_inputs, None) if mask is None else step_inputs
        steps = [
            cell.step(
                ops,
                weights[d],
                now[d],
                (state[0][d], state[1][d]),
                hparams.gate_activation,
                None if kept is None else kept[d],
            )
            for d in range(directions)
        ]
        return ops.stack([h for h, _ in steps]), ops.stack([c for _, c in steps])

    outputs = engine.scan(advance, state, projected if mask is None else (projected, mask))
    return outputs[..., :units]
