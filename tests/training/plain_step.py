"""A training step of Sketch-RNN from the papers, in float64: one drawing, one row, one Gaussian at a time.

Nothing of `sketchrnn_cli.model` or `sketchrnn_cli.training` is used. JAX only differentiates what is written here.
Ha & Eck 2017 (arXiv 1704.03477) for the model, Ba et al. 2016 for layer normalization, Ha, Dai & Le 2016 for the
HyperLSTM, Semeniuta et al. 2016 for recurrent dropout, Kingma & Ba 2014 for Adam.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

Array = Any
Tensors = dict[str, Array]
EMBEDDING = 32
INNER = 256


class Settings(NamedTuple):
    """What of the hyperparameters a step needs, in float64."""

    conditional: bool
    encoder: str
    decoder: str
    units: int
    encoder_units: int
    gaussians: int
    longest: int
    """N_max."""
    clip: float
    optimizer: str
    kl_tolerance: float


class Masks(NamedTuple):
    """Dropout, 0 or 1 / keep; None where there is none."""

    encoder: Array | None
    """`[time, direction, drawing, unit]`."""
    decoder: Array | None
    """`[time, drawing, unit]`."""
    inputs: Array | None
    """`[time, drawing, input]`."""
    outputs: Array | None
    """`[time, drawing, unit]`."""


class Terms(NamedTuple):
    """What a step reports."""

    loss: float
    offset: float
    pen: float
    kl: float


def logistic(x: Array) -> Array:
    return 1.0 / (1.0 + jnp.exp(-x))


def norm(x: Array, gamma: Array, beta: Array) -> Array:
    mean = jnp.sum(x) / len(x)
    variance = jnp.sum((x - mean) ** 2) / len(x)
    return gamma * (x - mean) / jnp.sqrt(variance + 0.001) + beta


def gate(weights: Tensors, name: str, number: int, units: int) -> Array:
    """The part of a tensor that belongs to gate 0 (i), 1 (f), 2 (candidate) or 3 (o)."""
    return weights[name][..., number * units : (number + 1) * units]


def lstm(weights: Tensors, prefix: str, x: Array, h: Array, c: Array, mask: Array | None) -> tuple[Array, Array]:
    units = len(h)
    i, f, candidate, o = (
        x @ gate(weights, f"{prefix}.kernel", k, units)
        + h @ gate(weights, f"{prefix}.recurrent_kernel", k, units)
        + gate(weights, f"{prefix}.bias", k, units)
        for k in range(4)
    )
    update = jnp.tanh(candidate) if mask is None else jnp.tanh(candidate) * mask
    c = logistic(f) * c + logistic(i) * update
    return logistic(o) * jnp.tanh(c), c


def normalized(weights: Tensors, prefix: str, gates: list[Array], c: Array, mask: Array | None) -> tuple[Array, Array]:
    """From the four sums before normalization to h and c; the forget gate's 1 comes after the normalization."""
    units = len(c)
    i, f, candidate, o = (
        norm(gates[k], gate(weights, f"{prefix}.gamma", k, units), gate(weights, f"{prefix}.beta", k, units))
        for k in range(4)
    )
    update = jnp.tanh(candidate) if mask is None else jnp.tanh(candidate) * mask
    c = logistic(f + 1.0) * c + logistic(i) * update
    return logistic(o) * jnp.tanh(norm(c, weights[f"{prefix}.cell_gamma"], weights[f"{prefix}.cell_beta"])), c


def layer_norm(weights: Tensors, prefix: str, x: Array, h: Array, c: Array, mask: Array | None) -> tuple[Array, Array]:
    units = len(h)
    gates = [
        x @ gate(weights, f"{prefix}.kernel", k, units) + h @ gate(weights, f"{prefix}.recurrent_kernel", k, units)
        for k in range(4)
    ]
    return normalized(weights, prefix, gates, c, mask)


def hyper(weights: Tensors, prefix: str, x: Array, h: Array, c: Array, mask: Array | None) -> tuple[Array, Array]:
    """h and c hold the large cell's, then the small one's."""
    units = len(h) - INNER
    h, small_h, c, small_c = h[:units], h[units:], c[:units], c[units:]
    small_h, small_c = layer_norm(weights, f"{prefix}.hyper", jnp.concatenate([x, h]), small_h, small_c, None)
    gates = []
    for k in range(4):
        scale = {}
        for path in ("input", "recurrent", "bias"):
            embedded = small_h @ gate(weights, f"{prefix}.hyper.{path}.embedding", k, EMBEDDING)
            if path != "bias":
                embedded = embedded + gate(weights, f"{prefix}.hyper.{path}.embedding_bias", k, EMBEDDING)
            scale[path] = embedded @ weights[f"{prefix}.hyper.{path}.scale"][k]
        gates.append(
            scale["input"] * (x @ gate(weights, f"{prefix}.kernel", k, units))
            + scale["recurrent"] * (h @ gate(weights, f"{prefix}.recurrent_kernel", k, units))
            + scale["bias"]
            + gate(weights, f"{prefix}.bias", k, units)
        )
    h, c = normalized(weights, prefix, gates, c, mask)
    return jnp.concatenate([h, small_h]), jnp.concatenate([c, small_c])


CELLS = {"lstm": lstm, "layer_norm": layer_norm, "hyper": hyper}


def five(drawing: np.ndarray, rows: int) -> list[list[float]]:
    """Stroke-5 rows of a stroke-3 drawing."""
    made = [[dx, dy, 1.0 - pen, pen, 0.0] for dx, dy, pen in drawing.tolist()]
    return made + [[0.0, 0.0, 0.0, 0.0, 1.0]] * (rows - len(made))


def every_h(cell: str, weights: Tensors, prefix: str, inputs: Array, h: Array, c: Array, mask: Array | None) -> Array:
    """Run a cell over rows `[time, input]`; return every h, `[time, unit]`."""

    def step(state: tuple[Array, Array], now: tuple[Array, Array | None]) -> tuple[tuple[Array, Array], Array]:
        x, kept = now
        h, c = CELLS[cell](weights, prefix, x, *state, kept)
        return (h, c), h

    return jax.lax.scan(step, (h, c), (inputs, mask))[1]


def encoded(weights: Tensors, views: tuple[Array, Array], length: int, settings: Settings, mask: Array | None) -> Array:
    """h of both directions after `length` rows, of the rows forwards and backwards."""
    size = settings.encoder_units + (INNER if settings.encoder == "hyper" else 0)
    zero, last = jnp.zeros(size), []
    for direction, (name, view) in enumerate(zip(("forward", "backward"), views, strict=True)):
        kept = None if mask is None else mask[:, direction]
        h = every_h(settings.encoder, weights, f"encoder.{name}", view, zero, zero, kept)
        last.append(h[length - 1, : settings.encoder_units])
    return jnp.concatenate(last)


def log_probability(output: Array, target: Array, gaussians: int) -> tuple[Array, Array]:
    """log p of the offset (0 of an end row) and of the pen, for one row (equations 3 to 7, 9)."""
    pens = jnp.exp(output[:3]) / jnp.sum(jnp.exp(output[:3]))
    pi, mu_x, mu_y, s_x, s_y, r = (output[3 + k * gaussians : 3 + (k + 1) * gaussians] for k in range(6))
    density = 0.0
    for j in range(gaussians):
        sigma_x, sigma_y, rho = jnp.exp(s_x[j]), jnp.exp(s_y[j]), jnp.tanh(r[j])
        x, y = (target[0] - mu_x[j]) / sigma_x, (target[1] - mu_y[j]) / sigma_y
        power = -(x * x + y * y - 2.0 * rho * x * y) / (2.0 * (1.0 - rho * rho))
        normal = jnp.exp(power) / (2.0 * jnp.pi * sigma_x * sigma_y * jnp.sqrt(1.0 - rho * rho))
        density = density + jnp.exp(pi[j]) / jnp.sum(jnp.exp(pi)) * normal
    return jnp.where(target[4] == 1.0, 0.0, jnp.log(density)), jnp.log(jnp.sum(pens * target[2:]))


def weighted_terms(
    weights: Tensors,
    targets: Array,
    views: tuple[Array, Array],
    length: int,
    noise: Array,
    masks: Masks,
    kl_weight: float,
    settings: Settings,
) -> tuple[Array, Array]:
    """One drawing's offset and pen terms, divided by N_max, and its KL term, `[3]`: weighted, and as they are.

    `targets` are all rows, `views` its real ones forwards and backwards, with any rows behind; the masks are those of
    this drawing (equations 9 and 10).
    """
    units = settings.units + (INNER if settings.decoder == "hyper" else 0)
    h, c, z, kl = jnp.zeros(units), jnp.zeros(units), jnp.zeros(0), jnp.zeros(())
    if settings.conditional:
        last = encoded(weights, views, length, settings, masks.encoder)
        mu = last @ weights["latent.mu.kernel"] + weights["latent.mu.bias"]
        sigma_hat = last @ weights["latent.sigma.kernel"] + weights["latent.sigma.bias"]
        z = mu + jnp.exp(sigma_hat / 2.0) * noise
        first = jnp.tanh(z @ weights["decoder.first_state.kernel"] + weights["decoder.first_state.bias"])
        h, c = first[:units], first[units:]
        kl = -jnp.sum(1.0 + sigma_hat - mu**2 - jnp.exp(sigma_hat)) / (2.0 * len(mu))
    rows = jnp.concatenate([jnp.array([[0.0, 0.0, 1.0, 0.0, 0.0]]), targets[:-1]])
    inputs = jnp.stack([jnp.concatenate([row, z]) for row in rows])
    if masks.inputs is not None:
        inputs = inputs * masks.inputs
    outputs = every_h(settings.decoder, weights, "decoder", inputs, h, c, masks.decoder)[:, : settings.units]
    if masks.outputs is not None:
        outputs = outputs * masks.outputs
    outputs = outputs @ weights["output.kernel"] + weights["output.bias"]
    offset, pen = jax.vmap(lambda output, target: log_probability(output, target, settings.gaussians))(outputs, targets)
    found = jnp.stack([-jnp.sum(offset) / settings.longest, -jnp.sum(pen) / settings.longest, kl])
    return found[0] + found[1] + kl_weight * found[2], found


QUICKLY_COMPILED = {"xla_backend_optimization_level": "0", "xla_llvm_disable_expensive_passes": True}
GRADIENTS = jax.jit(
    jax.grad(weighted_terms, has_aux=True), static_argnames="settings", compiler_options=QUICKLY_COMPILED
)


def of_drawing(masks: Masks, number: int) -> Masks:
    """The masks of one drawing of a batch."""
    encoder, *others = masks
    return Masks(
        None if encoder is None else encoder[:, :, number],
        *(None if mask is None else mask[:, number] for mask in others),
    )


class Learner:
    """Weights and optimizer between steps, in float64."""

    def __init__(self, weights: dict[str, np.ndarray], settings: Settings) -> None:
        self.settings, self.updates = settings, 0
        self.weights = {name: np.asarray(value, np.float64) for name, value in weights.items()}
        self.first = {name: np.zeros(value.shape) for name, value in self.weights.items()}
        self.second = {name: np.zeros(value.shape) for name, value in self.weights.items()}
        self.gradients: dict[str, np.ndarray] = {}

    def step(
        self,
        drawings: list[np.ndarray],
        rows: int,
        noise: np.ndarray | None,
        masks: Masks,
        learning_rate: float,
        kl_weight: float,
    ) -> Terms:
        """Take one step; return what it reports."""
        settings = self.settings
        offset, pen, kl = self._gradients(drawings, rows, noise, masks, kl_weight)
        loss = offset + pen
        if settings.conditional:
            loss += kl_weight * max(kl, settings.kl_tolerance)
            if kl < settings.kl_tolerance:
                self._gradients(drawings, rows, noise, masks, 0.0)
        terms = Terms(loss, offset, pen, kl)
        self.updates += 1
        for name, gradient in self.gradients.items():
            clipped = np.minimum(np.maximum(gradient, -self.settings.clip), self.settings.clip)
            if self.settings.optimizer == "sgd":
                self.first[name] = 0.9 * self.first[name] - learning_rate * clipped
                self.weights[name] = self.weights[name] + self.first[name]
                continue
            self.first[name] = 0.9 * self.first[name] + 0.1 * clipped
            self.second[name] = 0.999 * self.second[name] + 0.001 * clipped**2
            # Section 2 of the paper, at its end: epsilon is added to the root that is not corrected.
            rate = learning_rate * np.sqrt(1.0 - 0.999**self.updates) / (1.0 - 0.9**self.updates)
            self.weights[name] = self.weights[name] - rate * self.first[name] / (np.sqrt(self.second[name]) + 1e-7)
        return terms

    def _gradients(
        self, drawings: list[np.ndarray], rows: int, noise: np.ndarray | None, masks: Masks, kl_weight: float
    ) -> np.ndarray:
        """Find the mean gradient of a batch, its KL term weighted; return the mean terms."""
        sums, gradients = np.zeros(3), []
        with jax.enable_x64(True):
            weights = {name: jnp.asarray(value) for name, value in self.weights.items()}
            for number, drawing in enumerate(drawings):
                length, targets = len(drawing), np.array(five(drawing, rows))
                views = targets, np.concatenate([targets[:length][::-1], targets[length:]])
                given = np.zeros(0) if noise is None else noise[number].astype(np.float64)
                own = of_drawing(masks, number)
                some, found = GRADIENTS(weights, targets, views, length, given, own, kl_weight, settings=self.settings)
                sums += np.asarray(found)
                gradients.append({name: np.asarray(value) for name, value in some.items()})
        self.gradients = {name: sum(some[name] for some in gradients) / len(drawings) for name in self.weights}
        return sums / len(drawings)
