"""Make `golden.json`: what Magenta's own model says of the weights and drawings of `magenta_case`.

    python tests/model/magenta/make_golden.py CHECKOUT_OF_MAGENTA

The checkout's `models/sketch_rnn/rnn.py` and `model.py` run as they are, in graph mode, but for what TensorFlow 2 lacks
(the base class of cells), the noise of z, which is given, and the 1e-6 in its logarithm, made 1e-37.
"""

import json
import sys
import types
from pathlib import Path

import magenta_case
import numpy as np
import tensorflow.compat.v1 as tf

HERE = Path(__file__).parent
GATES = [0, 2, 1, 3]
"""Where Magenta's i, j, f, o stand in our i, f, c, o."""


def magenta(checkout: Path, latent_noise: np.ndarray) -> types.ModuleType:
    """Return Magenta's `model` module, its imports of Magenta replaced."""
    cells = types.ModuleType("rnn_cell")
    cells.RNNCell = type("RNNCell", (), {"zero_state": zero_state})
    tf.nn.rnn_cell = cells
    tf.nn.dynamic_rnn, tf.nn.bidirectional_dynamic_rnn = dynamic_rnn, bidirectional_dynamic_rnn
    tf.random_normal = lambda *_, **__: tf.constant(latent_noise)
    names = ("magenta", "magenta.contrib", "magenta.contrib.training", "magenta.models", "magenta.models.sketch_rnn")
    for name in names:
        sys.modules[name] = types.ModuleType(name)
    sys.modules["magenta.contrib"].training = sys.modules["magenta.contrib.training"]
    for name in ("rnn", "model"):
        module = types.ModuleType(f"magenta.models.sketch_rnn.{name}")
        setattr(sys.modules["magenta.models.sketch_rnn"], name, module)
        path = checkout / "magenta" / "models" / "sketch_rnn" / f"{name}.py"
        source = path.read_text()
        if name == "model":
            assert source.count("epsilon = 1e-6") == 1
            source = source.replace("epsilon = 1e-6", "epsilon = 1e-37")
        exec(compile(source, path, "exec"), module.__dict__)
    return module


def zero_state(cell: object, batch_size: int, dtype: tf.DType) -> tf.Tensor:
    return tf.zeros([batch_size, cell.state_size], dtype)


def dynamic_rnn(
    cell: object, inputs: tf.Tensor, initial_state: tf.Tensor, scope: str, **_: object
) -> tuple[tf.Tensor, tf.Tensor]:
    """Run a cell over `[batch, time, n]`, step by step."""
    outputs, state = [], initial_state
    with tf.variable_scope(scope):
        for time in range(inputs.shape[1]):
            with tf.variable_scope(tf.get_variable_scope(), reuse=time > 0):
                output, state = cell(inputs[:, time], state)
            outputs.append(output)
    return tf.stack(outputs, axis=1), state


def bidirectional_dynamic_rnn(
    forward: object, backward: object, inputs: tf.Tensor, sequence_length: tf.Tensor, scope: str, **_: object
) -> tuple[None, list[tf.Tensor]]:
    """Return the state of each direction after each drawing's last row."""
    reverse = tf.reverse_sequence(inputs, sequence_length, seq_axis=1)
    last = []
    for name, cell, rows in (("fw", forward, inputs), ("bw", backward, reverse)):
        state = zero_state(cell, inputs.shape[0], tf.float32)
        with tf.variable_scope(f"{scope}/{name}"):
            for time in range(rows.shape[1]):
                with tf.variable_scope(tf.get_variable_scope(), reuse=time > 0):
                    _, after = cell(rows[:, time], state)
                state = tf.where(tf.tile((sequence_length > time)[:, None], [1, state.shape[1]]), after, state)
        last.append(state)
    return None, last


def gates(ours: np.ndarray) -> np.ndarray:
    """Put four blocks of the last axis in Magenta's order."""
    return np.concatenate([np.split(ours, 4, axis=-1)[place] for place in GATES], axis=-1)


def cell_variables(kind: str, ours: dict[str, np.ndarray], prefix: str, scope: str) -> dict[str, np.ndarray]:
    """Return Magenta's variables of a cell."""
    classes = {"lstm": "LSTMCell", "layer_norm": "LayerNormLSTMCell", "hyper": "HyperLSTMCell"}
    scope = f"{scope}/{classes[kind]}"
    own = {name[len(prefix) + 1 :]: value for name, value in ours.items() if name.startswith(prefix + ".")}
    made = {f"{scope}/W_xh": gates(own["kernel"]), f"{scope}/W_hh": gates(own["recurrent_kernel"])}
    if kind == "lstm":
        bias = gates(own["bias"])
        units = len(bias) // 4
        bias[2 * units : 3 * units] -= 1.0  # It adds the forget gate's bias when it runs.
        return {**made, f"{scope}/bias": bias}
    made |= {
        f"{scope}/ln_all/ln_gamma": gates(own["gamma"]),
        f"{scope}/ln_all/ln_beta": gates(own["beta"]),
        f"{scope}/ln_c/ln_gamma": own["cell_gamma"],
        f"{scope}/ln_c/ln_beta": own["cell_beta"],
    }
    if kind == "layer_norm":
        return made
    made[f"{scope}/bias"] = gates(own["bias"])
    made |= cell_variables("layer_norm", ours, f"{prefix}.hyper", scope)
    for letter, place in zip("ijfo", GATES, strict=True):
        for path, end, weight, scale in (
            ("input", "x", "zw", "alpha"),
            ("recurrent", "h", "zw", "alpha"),
            ("bias", "h", "zb", "beta"),
        ):
            there = f"{scope}/hyper_{letter}{end}"
            made[f"{there}/{weight}/super_linear_w"] = np.split(own[f"hyper.{path}.embedding"], 4, axis=-1)[place]
            made[f"{there}/{scale}/super_linear_w"] = own[f"hyper.{path}.scale"][place]
            if path != "bias":
                bias = np.split(own[f"hyper.{path}.embedding_bias"], 4)[place]
                made[f"{there}/{weight}/super_linear_b"] = bias
    return made


def variables(hparams: object, ours: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return Magenta's variables, by name, of weights in our layout."""
    made = {"RNN/output_w": ours["output.kernel"], "RNN/output_b": ours["output.bias"]}
    made |= cell_variables(hparams.dec_model, ours, "decoder", "RNN")
    if hparams.conditional:
        for ours_says, scope in (("forward", "fw"), ("backward", "bw")):
            made |= cell_variables(hparams.enc_model, ours, f"encoder.{ours_says}", f"ENC_RNN/{scope}")
        for name in ("mu", "sigma"):
            made[f"ENC_RNN_{name}/super_linear_w"] = ours[f"latent.{name}.kernel"]
            made[f"ENC_RNN_{name}/super_linear_b"] = ours[f"latent.{name}.bias"]
        for leaf, name in (("w", "kernel"), ("b", "bias")):
            first = ours[f"decoder.first_state.{name}"]
            h, c = np.split(first, 2, axis=-1)
            made[f"linear/super_linear_{leaf}"] = np.concatenate([c, h] if hparams.dec_model == "lstm" else [h, c], -1)
    return {f"vector_rnn/{name}": value for name, value in made.items()}


class Settings(types.SimpleNamespace):
    """What Magenta's model asks of its hyperparameters."""


def measure(checkout: Path, name: str) -> dict[str, float]:
    """Return the losses of one case, as Magenta's model reports them."""
    hparams = magenta_case.CASES[name]
    tf.reset_default_graph()
    model = magenta(checkout, magenta_case.noise(hparams.z_size))
    settings = {**hparams.as_dict(), "max_seq_len": magenta_case.ROWS, "is_training": True, "kl_tolerance": 0.0}
    graph = model.Model(Settings(**settings), gpu_mode=False)
    given = variables(hparams, magenta_case.weights(hparams))
    theirs = {variable.op.name: variable for variable in tf.trainable_variables()}
    schedule = {name for name in theirs if name.startswith("vector_rnn/Variable")}
    assert set(given) == set(theirs) - schedule, set(given) ^ set(theirs)
    rows = np.zeros((len(magenta_case.LENGTHS), magenta_case.ROWS + 1, 5), np.float32)
    rows[:, 0, 2] = 1.0
    rows[:, 1:, 4] = 1.0
    for number, drawing in enumerate(magenta_case.drawings()):
        there = slice(1, len(drawing) + 1)
        rows[number, there] = np.stack(
            [drawing[:, 0], drawing[:, 1], 1 - drawing[:, 2], drawing[:, 2], 0 * drawing[:, 2]], axis=1
        )
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for variable, value in given.items():
            assert tuple(theirs[variable].shape) == value.shape, (variable, theirs[variable].shape, value.shape)
            theirs[variable].load(value, session)
        fed = {graph.input_data: rows, graph.sequence_lengths: magenta_case.LENGTHS}
        reconstruction, kl, cost = session.run([graph.r_cost, graph.kl_cost, graph.cost], fed)
    return {"reconstruction": float(reconstruction), "kl": float(kl), "cost": float(cost)}


def main() -> None:
    tf.disable_eager_execution()
    found = {name: measure(Path(sys.argv[1]), name) for name in magenta_case.CASES}
    (HERE / "golden.json").write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
