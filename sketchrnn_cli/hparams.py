"""Every hyperparameter once: its default, its meaning, its unit.

The command line, the checkpoint's sidecar and the documentation read them from here. Names and defaults are those
of the seed (eyalzk/sketch_rnn_keras) and of Magenta's Sketch-RNN where these agree.
"""

import dataclasses
import difflib
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from sketchrnn_cli.errors import CheckpointError, UsageError

CELLS = ("lstm", "layer_norm", "hyper")
DECODERS = (*CELLS, "transformer")
NO_FLOOR = -100.0
"""A `log_sigma_floor` that stands for none."""
MAX_UNITS = 8192
"""Of a layer: a recurrent kernel of 1 GiB. The largest in the paper has 2048."""


def _hp(
    default: Any,
    meaning: str,
    choices: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    absent: Any = None,
) -> Any:
    """Declare a hyperparameter.

    `low` and `high` are inclusive bounds, `above` an exclusive one; `absent` is what it means that a file lacks it,
    where that is not the default.
    """
    bounds = {"low": low, "high": high, "above": above}
    return dataclasses.field(
        default=default, metadata={"meaning": meaning, "choices": choices, "absent": absent, **bounds}
    )


@dataclasses.dataclass(frozen=True)
class HParams:
    """The settings a model is built and trained with; immutable, validated on creation.

    Example:
        >>> sketchrnn.HParams(z_size=64).replace(dec_model="layer_norm").z_size
        64
    """

    # The model.
    conditional: bool = _hp(True, "encode drawings (a VAE); false trains a decoder alone")
    enc_model: str = _hp("lstm", "encoder cell", CELLS)
    dec_model: str = _hp("lstm", "decoder: a cell, or a causal transformer", DECODERS)
    hyper_inner: str = _hp(
        "layer_norm",
        "small LSTM inside a hyper cell: layer-normalized, or plain as up to 0.1",
        ("layer_norm", "lstm"),
        absent="lstm",
    )
    enc_rnn_size: int = _hp(256, "units of the encoder in each direction", low=1, high=MAX_UNITS)
    dec_rnn_size: int = _hp(512, "units of the decoder, the width of a transformer", low=1, high=MAX_UNITS)
    dec_layers: int = _hp(6, "layers of a transformer", low=1, high=48)
    dec_heads: int = _hp(8, "attention heads of a transformer; each has an even share of its width", low=1)
    dec_mlp_size: int = _hp(640, "hidden units of a transformer's layers", low=1, high=4 * MAX_UNITS)
    z_size: int = _hp(128, "length of the latent vector z", low=1, high=MAX_UNITS)
    num_mixture: int = _hp(20, "Gaussians in the output mixture", low=1, high=1000)
    log_sigma_floor: float = _hp(
        NO_FLOOR, f"least log sigma of a Gaussian, in model units; {NO_FLOOR:g} for none", low=NO_FLOOR, high=0.0
    )
    num_classes: int = _hp(0, "words that the model knows drawings by; 0 for an unlabeled model", low=0, high=65535)
    class_size: int = _hp(64, "length of a word's vector", low=1, high=MAX_UNITS)

    # Optimization.
    batch_size: int = _hp(100, "sketches in a batch", low=1)
    optimizer: str = _hp("adam", "adam, or sgd with momentum 0.9", ("adam", "sgd"))
    learning_rate: float = _hp(1e-3, "first learning rate", above=0.0)
    decay_rate: float = _hp(0.9999, "factor on the learning rate, per step", above=0.0, high=1.0)
    min_learning_rate: float = _hp(1e-5, "floor of the learning rate", low=0.0)
    grad_clip: float = _hp(1.0, "largest absolute value of a gradient entry, or largest norm", above=0.0)
    clip_by: str = _hp("value", "what grad_clip limits: each entry, or the norm of all", ("value", "norm"))
    beta_2: float = _hp(0.999, "adam: decay of the mean squared gradient, per step", low=0.0, high=0.99999)
    weight_decay: float = _hp(
        0.0, "adam: part of a matrix removed per step, times the learning rate", low=0.0, high=1.0
    )
    warmup_steps: int = _hp(0, "steps in which the learning rate grows from 0", low=0)
    cosine_decay_steps: int = _hp(
        0, "step at which the learning rate has fallen by half a cosine to its floor; 0: decay_rate instead", low=0
    )
    ema_decay: float = _hp(
        0.0, "decay of the average of the weights that is evaluated and released; 0 for none", low=0.0, high=0.99999
    )
    linear_decay_steps: int = _hp(
        0, "step at which the learning rate has fallen evenly to its floor; 0: decay_rate instead", low=0
    )

    # The KL term.
    kl_weight: float = _hp(0.5, "final weight of the KL loss", low=0.0)
    kl_weight_start: float = _hp(0.01, "first weight of the KL loss", low=0.0)
    kl_decay_rate: float = _hp(0.99995, "speed from first to final KL weight, per step", above=0.0, high=1.0)
    kl_tolerance: float = _hp(0.2, "KL loss below which it is not reduced further, nats per latent unit", low=0.0)

    # Regularization.
    use_recurrent_dropout: bool = _hp(True, "drop candidate updates inside the cells (Semeniuta et al. 2016)")
    recurrent_dropout_prob: float = _hp(0.9, "probability of KEEPING a candidate update", above=0.0, high=1.0)
    use_input_dropout: bool = _hp(False, "drop inputs of the decoder")
    input_dropout_prob: float = _hp(0.9, "probability of KEEPING an input", above=0.0, high=1.0)
    use_output_dropout: bool = _hp(False, "drop outputs of the decoder")
    output_dropout_prob: float = _hp(0.9, "probability of KEEPING an output", above=0.0, high=1.0)
    transformer_dropout: float = _hp(
        0.1, "probability of dropping what a transformer's layers add; half of it at its input", low=0.0, high=0.9
    )
    class_dropout: float = _hp(0.1, "probability of hiding a drawing's word in training", low=0.0, high=1.0)
    random_scale_factor: float = _hp(0.15, "x and y are each scaled by 1 ± this", low=0.0, high=0.99)
    random_rotation: float = _hp(0.0, "drawings are turned by up to this, degrees either way", low=0.0, high=180.0)
    random_shear: float = _hp(0.0, "x and y are each sheared by up to ± this", low=0.0, high=1.0)
    mirror_prob: float = _hp(0.0, "probability of turning left into right", low=0.0, high=1.0)
    stroke_jitter: float = _hp(0.0, "standard deviation of what each stroke is moved by, pixels of 255", low=0.0)
    page_warp: float = _hp(
        0.0, "standard deviation of each of three slow waves that bend a page, pixels of 255", low=0.0
    )
    point_jitter: float = _hp(0.0, "standard deviation of what each point is moved by, pixels of 255", low=0.0)
    augment_stroke_prob: float = _hp(0.10, "probability of dropping an inner point", low=0.0, high=0.99)

    # The data.
    max_seq_len: int = _hp(0, "N_max, longest sketch in points; 0: the longest of the data", low=0, high=100_000)
    buckets: int = _hp(5, "padded lengths at most, each compiled once; 1 pads all to the longest", low=1, high=64)
    seed: int = _hp(0, "seed of every random draw", low=0, high=2**31 - 1)
    precision: str = _hp(
        "float32",
        "what the recurrent products multiply; they add in float32 (hopper: float32 takes float16, as exact as TF32)",
        ("float32", "bfloat16"),
    )

    kernel: str = _hp(
        "auto",
        "time loop: hopper (JAX on an H100 or H200), scan, or cudnn (TensorFlow on a GPU, no recurrent dropout); "
        "auto: the fastest that runs",
        ("auto", "scan", "cudnn", "hopper"),
    )

    # Conventions that imported models may break.
    gate_activation: str = _hp("sigmoid", "activation of the gates", ("sigmoid", "hard_sigmoid"))
    first_state: str = _hp("trained", "decoder's first state: from z, or zeros", ("trained", "zero"))
    mask_encoder: bool = _hp(True, "encoder ignores the padding after a sketch")
    squash_z: bool = _hp(False, "z passes tanh before it enters the decoder's first state")
    pixel_factor: float = _hp(1.0, "the effective scale is scale_factor / pixel_factor", above=0.0)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            _check(field, getattr(self, field.name))
        if self.dec_model == "transformer" and self.dec_rnn_size % (2 * self.dec_heads):
            raise UsageError(
                f"dec_rnn_size: a transformer's width is a multiple of twice its heads ({2 * self.dec_heads}), "
                f"received {self.dec_rnn_size}"
            )

    @property
    def condition_size(self) -> int:
        """Length of v = [z, word], what the decoder sees of both; 0 without either."""
        return self.z_size * self.conditional + self.class_size * (self.num_classes > 0)

    def check_trainable(self) -> None:
        """Refuse settings that only training minds.

        Raises:
            UsageError: the learning rate begins below its floor.
        """
        if self.learning_rate < self.min_learning_rate:
            raise UsageError(
                f"learning_rate {self.learning_rate:g} is below its floor, min_learning_rate "
                f"{self.min_learning_rate:g}; lower that, too (--set min_learning_rate=0)"
            )

    @property
    def recurrent_keep(self) -> float:
        """Probability of keeping a candidate update in training; 1 where recurrent dropout is off."""
        return self.recurrent_dropout_prob if self.use_recurrent_dropout else 1.0

    def replace(self, **changes: Any) -> "HParams":
        """Return a copy with some values changed, validated again."""
        return dataclasses.replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """Return plain name-to-value pairs, in the order of declaration."""
        return dataclasses.asdict(self)

    def with_settings(self, settings: list[str]) -> "HParams":
        """Apply ``name=value`` settings as typed on a command line.

        Raises:
            UsageError: a setting is not ``name=value``, its name is unknown, or its value does not fit.
        """
        fields = {field.name: field for field in dataclasses.fields(self)}
        changes = {}
        for setting in settings:
            name, equals, text = setting.partition("=")
            if not equals:
                raise UsageError(f"--set {setting}: expected name=value, such as z_size=64")
            if name not in fields:
                raise UsageError(f"--set {setting}: no hyperparameter {name!r}{nearest(name, fields)}")
            changes[name] = _parse(fields[name], text)
        return self.replace(**changes)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], where: str) -> "HParams":
        """Rebuild from a sidecar's values; `where` names the file in errors.

        One that the file does not know, having been written before it was invented, takes its value where absent.

        Raises:
            CheckpointError: a name is unknown, or a value does not fit.
        """
        absent = {field.name: field.metadata["absent"] for field in dataclasses.fields(cls)}
        if unknown := sorted(set(values) - set(absent)):
            raise CheckpointError(f"{where}: unknown hyperparameter {unknown[0]!r}; written by a newer version?")
        try:
            return cls(**{name: value for name, value in absent.items() if value is not None} | dict(values))
        except UsageError as error:
            raise CheckpointError(f"{where}: {error}") from error


def nearest(name: str, known: Any) -> str:
    """Return ``; did you mean 'x'?`` for the known name closest to `name`, or nothing."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.7)
    return f"; did you mean {found[0]!r}?" if found else ""


class Description(NamedTuple):
    """What a person may know of a hyperparameter."""

    name: str
    default: Any
    meaning: str


def described() -> list[Description]:
    """Return every hyperparameter in the order of declaration, its choices among its meaning."""
    entries = []
    for field in dataclasses.fields(HParams):
        choices = field.metadata["choices"]
        meaning = field.metadata["meaning"] + (f" (one of {', '.join(choices)})" if choices else "")
        entries.append(Description(field.name, field.default, meaning))
    return entries


def meaning(name: str) -> str:
    """Return what a hyperparameter means, for help texts."""
    return {field.name: field.metadata["meaning"] for field in dataclasses.fields(HParams)}[name]


def _parse(field: dataclasses.Field, text: str) -> Any:
    """Turn typed text into the type of the field's default."""
    kind: Any = type(field.default)
    if kind is bool:
        words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        if text.lower() not in words:
            raise UsageError(f"{field.name}: expected true or false, received {text!r}")
        return words[text.lower()]
    try:
        return kind(text)
    except ValueError as error:
        raise UsageError(f"{field.name}: expected {kind.__name__}, received {text!r}") from error


def _check(field: dataclasses.Field, value: Any) -> None:
    """Refuse a value of the wrong type or outside the field's bounds."""
    kind: Any = type(field.default)
    kinds = (int, float) if kind is float else (kind,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and kind is not bool):
        raise UsageError(f"{field.name}: expected {kind.__name__}, received {value!r}")
    bounds = field.metadata
    if bounds["choices"] and value not in bounds["choices"]:
        raise UsageError(f"{field.name}: expected one of {', '.join(bounds['choices'])}; received {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"{field.name}: expected a finite number, received {value}")
    if bounds["low"] is not None and value < bounds["low"]:
        raise UsageError(f"{field.name}: expected at least {bounds['low']}, received {value}")
    if bounds["high"] is not None and value > bounds["high"]:
        raise UsageError(f"{field.name}: expected at most {bounds['high']}, received {value}")
    if bounds["above"] is not None and value <= bounds["above"]:
        raise UsageError(f"{field.name}: expected more than {bounds['above']:g}, received {value}")
