"""The causal pre-LN Transformer decoder (Vaswani et al. 2017), for any array namespace `xp`.

Position 0 is the condition v, positions 1 to T are the rows S₀ ... S_{T-1}; the output at position t gives the
distribution of S_t. With width d, L layers, H heads of size d / H:

    c₀, ..., c_L = v C + c                                    condition.kernel [v, (L + 1) d], condition.bias
    x = [c₀, row R + r]                                       input.kernel [5, d], input.bias
    for layer l = 1 ... L:
        x = x + c_l                                           at every position
        q, k, u = norm(x) A                                   layer_{l-1}.attention.kernel [d, 3 d]
        x = x + softmax(rot(q) rot(k)ᵀ / √(d / H)) u O + o    attention.output.kernel [d, d], attention.output.bias
        x = x + gelu(norm(x) M + m) N + n                     mlp.kernel, mlp.bias, mlp.output.kernel, mlp.output.bias
    h = norm(x)                                               norm.gamma, norm.beta

Each norm is over the width, ε 1e-5, with its own gamma and beta (attention.gamma, mlp.gamma, ...). Heads are contiguous
in q, k and u. Softmax is over the positions up to and including the query's.
gelu(x) = x / 2 (1 + tanh(√(2/π) (x + 0.044715 x³))). rot rotates dimensions j and j + half of a head by the
angle position · 10000^(-2 j / (d / H)) (Su et al. 2021), so positions are relative and the length is not limited.
Without v, C is absent.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from sketchrnn_cli.hparams import HParams

Array = Any
EPSILON = 1e-5
BASE = 10_000.0
GELU_SCALE, GELU_CUBE = math.sqrt(2.0 / math.pi), 0.044715


def shapes(inputs: int, hparams: HParams) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the decoder's tensors."""
    width, hidden, conditions = hparams.dec_rnn_size, hparams.dec_mlp_size, (hparams.dec_layers + 1)
    table: dict[str, tuple[int, ...]] = {"input.kernel": (inputs, width), "input.bias": (width,)}
    if hparams.condition_size:
        table["condition.kernel"] = (hparams.condition_size, conditions * width)
    table["condition.bias"] = (conditions * width,)
    layer: dict[str, tuple[int, ...]] = {
        "attention.gamma": (width,),
        "attention.beta": (width,),
        "attention.kernel": (width, 3 * width),
        "attention.output.kernel": (width, width),
        "attention.output.bias": (width,),
        "mlp.gamma": (width,),
        "mlp.beta": (width,),
        "mlp.kernel": (width, hidden),
        "mlp.bias": (hidden,),
        "mlp.output.kernel": (hidden, width),
        "mlp.output.bias": (width,),
    }
    for number in range(hparams.dec_layers):
        table |= {f"layer_{number}.{name}": shape for name, shape in layer.items()}
    return {**table, "norm.gamma": (width,), "norm.beta": (width,)}


def conditions(
    xp: Any, weights: Mapping[str, Array], v: Array | None, batch: int, hparams: HParams, product: Callable
) -> list[Array]:
    """Return c₀ ... c_L, each `[batch, width]`."""
    bias = weights["condition.bias"]
    joined = (
        xp.broadcast_to(bias, (batch, bias.shape[0])) if v is None else product(v, weights["condition.kernel"]) + bias
    )
    return list(xp.split(joined, hparams.dec_layers + 1, axis=-1))


def embed(xp: Any, weights: Mapping[str, Array], rows: Array, product: Callable) -> Array:
    """Return the inputs `[..., width]` of rows `[..., 5]`."""
    return product(rows, weights["input.kernel"]) + weights["input.bias"]


def rotations(positions: np.ndarray, hparams: HParams) -> tuple[np.ndarray, np.ndarray]:
    """Return the rotary cosines and sines `[positions, head size / 2]`, float32."""
    half = hparams.dec_rnn_size // hparams.dec_heads // 2
    angles = positions[:, None] * BASE ** (-np.arange(half) / half)
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def layers(
    xp: Any,
    weights: Sequence[Mapping[str, Array]],
    x: Array,
    added: Sequence[Array],
    turn: tuple[np.ndarray, np.ndarray],
    attend: Callable[[int, Array, Array, Array], Array],
    heads: int,
    product: Callable,
    drop: Callable[[Array, int], Array],
) -> Array:
    """Run the layers over `[batch, time, width]`.

    Args:
        xp: array namespace.
        weights: tensors per layer.
        x: inputs of the first layer.
        added: c₁ ... c_L.
        turn: `rotations` of the positions of x.
        attend: attention, ``(layer, q, k, u)``, each `[batch, heads, time, head size]`, as is the result.
        heads: H.
        product: matmul.
        drop: dropout, ``(x, number of its use)``.
    """
    batch, time, width = x.shape
    for number, layer in enumerate(weights):
        x = x + added[number][:, None, :]
        joined = product(normalize(xp, x, layer["attention.gamma"], layer["attention.beta"]), layer["attention.kernel"])
        parts = xp.transpose(xp.reshape(joined, (batch, time, 3, heads, width // heads)), (2, 0, 3, 1, 4))
        turned = rotate(xp, parts[:2], turn)
        mixed = attend(number, turned[0], turned[1], parts[2])
        mixed = xp.reshape(xp.transpose(mixed, (0, 2, 1, 3)), (batch, time, width))
        x = x + drop(product(mixed, layer["attention.output.kernel"]) + layer["attention.output.bias"], 2 * number + 1)
        hidden = (
            product(normalize(xp, x, layer["mlp.gamma"], layer["mlp.beta"]), layer["mlp.kernel"]) + layer["mlp.bias"]
        )
        x = x + drop(product(gelu(xp, hidden), layer["mlp.output.kernel"]) + layer["mlp.output.bias"], 2 * number + 2)
    return x


def causal_attention(xp: Any, q: Array, k: Array, u: Array, product: Callable) -> Array:
    """Return causal self-attention, `[batch, heads, time, head size]`."""
    time = q.shape[2]
    scores = product(q, xp.transpose(k, (0, 1, 3, 2))) * (1.0 / math.sqrt(q.shape[3]))
    scores = scores + np.triu(np.full((time, time), -1e9, dtype=np.float32), 1)
    return product(softmax(xp, scores), u)


def softmax(xp: Any, scores: Array) -> Array:
    """Return softmax over the last axis."""
    raised = xp.exp(scores - xp.max(scores, axis=-1, keepdims=True))
    return raised / xp.sum(raised, axis=-1, keepdims=True)


def normalize(xp: Any, x: Array, gamma: Array, beta: Array) -> Array:
    """Return layer normalization over the last axis."""
    share = 1.0 / x.shape[-1]
    centered = x - xp.sum(x, axis=-1, keepdims=True) * share
    variance = xp.sum(centered * centered, axis=-1, keepdims=True) * share
    return centered / xp.sqrt(variance + EPSILON) * gamma + beta


def gelu(xp: Any, x: Array) -> Array:
    """Return GELU in its tanh form (Hendrycks & Gimpel 2016)."""
    return 0.5 * x * (1.0 + xp.tanh(GELU_SCALE * (x + GELU_CUBE * x * x * x)))


def rotate(xp: Any, x: Array, turn: tuple[np.ndarray, np.ndarray]) -> Array:
    """Return heads `[..., time, head size]` with rotary position embedding."""
    cos, sin = turn
    half = x.shape[-1] // 2
    first, second = x[..., :half], x[..., half:]
    return xp.concatenate([first * cos - second * sin, first * sin + second * cos], axis=-1)


def sequence(
    xp: Any,
    weights: Mapping[str, Array],
    rows: Array,
    v: Array | None,
    hparams: HParams,
    product: Callable | None = None,
    drop: Callable[[Array, int], Array] = lambda x, place: x,
) -> Array:
    """Return the outputs h `[batch, time, width]` of rows `[batch, time, 5]`, in one pass.

    Args:
        xp: array namespace.
        weights: the decoder's tensors.
        rows: S₀ ... S_{T-1}.
        v: `[batch, condition size]`, or None.
        hparams: sizes.
        product: matmul; None for `xp.matmul`.
        drop: as in `layers`.
    """
    product = product or xp.matmul
    first, *added = conditions(xp, weights, v, rows.shape[0], hparams, product)
    x = drop(xp.concatenate([first[:, None, :], embed(xp, weights, rows, product)], axis=1), 0)
    turn = rotations(np.arange(x.shape[1]), hparams)

    def attend(_: int, q: Array, k: Array, u: Array) -> Array:
        return causal_attention(xp, q, k, u, product)

    x = layers(xp, by_layer(weights, hparams), x, added, turn, attend, hparams.dec_heads, product, drop)
    return normalize(xp, x[:, 1:], weights["norm.gamma"], weights["norm.beta"])


def by_layer(weights: Mapping[str, Array], hparams: HParams) -> list[dict[str, Array]]:
    """Return the tensors per layer, without the layer's prefix."""
    prefixes = [f"layer_{number}." for number in range(hparams.dec_layers)]
    return [
        {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
        for prefix in prefixes
    ]
