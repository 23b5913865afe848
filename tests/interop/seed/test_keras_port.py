"""Models of the Keras port: files in the layout of Keras 2, against a plain loop over the port's equations."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from keras import ops
from plain_model import batch_of

import sketchrnn_cli.training  # noqa: F401  (loads Keras quietly)
from sketchrnn_cli.errors import CheckpointError
from sketchrnn_cli.interop.imported import Imported
from sketchrnn_cli.interop.seed import hdf5, port
from sketchrnn_cli.model import network
from sketchrnn_cli.model.inference import Drawer
from sketchrnn_cli.model.weights import shapes

GOLDEN = Path(__file__).with_name("cudnn_golden.npz")
ENCODER, DECODER, Z, MIXTURES, ROWS = 6, 8, 4, 3, 9
ALIKE = (4, 8, 9, 1)
"""Sizes at which all three dense layers have the same shape."""
CONFIG = {
    **{"data_set": "cat.npz", "epochs": 50, "save_every": None, "accelerate_LSTM": False, "is_training": True},
    **{"enc_rnn_size": ENCODER, "dec_rnn_size": DECODER, "z_size": Z, "num_mixture": MIXTURES, "max_seq_len": ROWS},
    **{"batch_size": 64, "use_recurrent_dropout": 1, "kl_weight": 0.25},
}  # fmt: skip
Layers = dict[str, dict[str, np.ndarray]]


def lstm(name: str, inputs: int, units: int, bias: int = 4) -> dict[str, tuple[int, ...]]:
    shapes = {"kernel": (inputs, 4 * units), "recurrent_kernel": (units, 4 * units), "bias": (bias * units,)}
    return {f"{name}/{leaf}:0": shape for leaf, shape in shapes.items()}


def layers(enc: int = ENCODER, dec: int = DECODER, z: int = Z, mixtures: int = MIXTURES, bias: int = 4) -> Layers:
    """The port's layers in the model's order, as numbered in a second session of Keras."""
    rng = np.random.default_rng(0)
    encoder = {
        **lstm("bidirectional_10/forward_lstm_19", 5, enc, bias),
        **lstm("bidirectional_10/backward_lstm_19", 5, enc, bias),
    }
    shapes = {
        **{"encoder_input": {}, "bidirectional_10": encoder},
        "dense_9": {"dense_9/kernel:0": (2 * enc, z), "dense_9/bias:0": (z,)},
        "dense_10": {"dense_10/kernel:0": (2 * enc, z), "dense_10/bias:0": (z,)},
        **{"lambda_5": {}, "decoder_input": {}, "repeat_vector_5": {}, "concatenate_5": {}},
        "lstm_20": lstm("lstm_20", 5 + z, dec, bias),
        "output": {"output/kernel:0": (dec, 6 * mixtures + 3), "output/bias:0": (6 * mixtures + 3,)},
    }
    return {
        layer: {name: (0.5 * rng.standard_normal(shape)).astype(np.float32) for name, shape in some.items()}
        for layer, some in shapes.items()
    }


def write(folder: Path, some: Layers, config: object = CONFIG, whole: bool = True, text: str = "S") -> Path:
    """Write what Keras 2.2's ModelCheckpoint writes: a whole model, or its weights alone."""
    path = folder / "weights.07-0.21.hdf5"
    with h5py.File(path, "w") as root:
        group = root.create_group("model_weights") if whole else root
        root.attrs["model_config"] = b'{"class_name": "Model"}'
        names = {"S": np.bytes_, "vlen": h5py.string_dtype("ascii")}[text]  # As h5py 2 wrote them, and h5py 3.
        group.attrs["layer_names"] = np.array([name.encode() for name in some], names)
        group.attrs["keras_version"] = b"2.2.4"
        for name, tensors in some.items():
            layer = group.create_group(name)
            layer.attrs["weight_names"] = np.array([weight.encode() for weight in tensors], names if tensors else float)
            for weight, value in tensors.items():
                layer.create_dataset(weight, data=value)
        root.create_dataset("optimizer_weights/Adam/iterations:0", data=7)
    (folder / "model_config.json").write_text(json.dumps(config))
    return path


def random_sketch(rng: np.random.Generator, points: int) -> np.ndarray:
    offsets, lifts = rng.standard_normal((points, 2)), rng.random(points) < 0.3
    lifts[-1] = True
    return np.concatenate([offsets, lifts[:, None]], axis=1).astype(np.float32)


def table(sketch: np.ndarray, rows: int) -> list[np.ndarray]:
    """Stroke-5 rows, padded with end rows as the port pads them."""
    points = [np.array([dx, dy, 1.0 - pen, pen, 0.0]) for dx, dy, pen in sketch.astype(np.float64)]
    return points + [np.array([0.0, 0.0, 0.0, 0.0, 1.0])] * (rows - len(points))


def fused_layers() -> Layers:
    """The same model with cuDNN's layers, from the golden file."""
    some = layers(bias=8)
    with np.load(GOLDEN) as golden:
        for layer in ("bidirectional_10", "lstm_20"):
            for weight in some[layer]:
                part = next(
                    name
                    for mark, name in (("forward", "encoder.forward"), ("back", "encoder.backward"), ("", "decoder"))
                    if mark in weight
                )
                some[layer][weight] = golden[f"fused.{part}.{weight.split('/')[-1][:-2]}"]
    return some


def expected_lstms(some: Layers) -> dict[str, list[np.ndarray]]:
    tensors = [*some["bidirectional_10"].values(), *some["lstm_20"].values()]
    names = ("encoder.forward", "encoder.backward", "decoder")
    return {name: tensors[3 * place : 3 * place + 3] for place, name in enumerate(names)}


def converted_lstms() -> dict[str, list[np.ndarray]]:
    with np.load(GOLDEN) as golden:
        names = ("encoder.forward", "encoder.backward", "decoder")
        return {name: [golden[f"{name}.{leaf}"] for leaf in port.LEAVES] for name in names}


def hard(x: float) -> float:
    return min(max(0.2 * x + 0.5, 0.0), 1.0)


def loop(tensors: list[np.ndarray], rows: list[np.ndarray], gate: Callable[[float], float]) -> list[np.ndarray]:
    """Every h of an LSTM that begins at zero, unit by unit."""
    kernel, recurrent, bias = (tensor.astype(np.float64) for tensor in tensors)
    units = len(recurrent)
    h, c, outputs = np.zeros(units), np.zeros(units), []
    for row in rows:
        drive = row @ kernel + h @ recurrent + bias
        c = np.array(
            [
                gate(drive[units + u]) * c[u] + gate(drive[u]) * np.tanh(drive[2 * units + u])
                for u in range(units)
            ]
        )  # fmt: skip
        h = np.array([gate(drive[3 * units + u]) * np.tanh(c[u]) for u in range(units)])
        outputs.append(h)
    return outputs


def check_every_step(imported: Imported, some: Layers, lstms: dict, gate: Callable[[float], float]) -> None:
    """Compare both engines with the loop: the encoder after every number of rows, the decoder at every row."""
    hparams, weights = imported.hparams, imported.weights
    rng = np.random.default_rng(1)
    sketches = [random_sketch(rng, points) for points in (3, 5)]
    tensors = {name: ops.convert_to_tensor(value) for name, value in weights.items()}
    (mu_kernel, mu_bias), (sigma_kernel, sigma_bias) = some["dense_9"].values(), some["dense_10"].values()
    for padded in range(5, hparams.max_seq_len + 1):
        model = hparams.replace(max_seq_len=padded)
        tables = [table(sketch, padded) for sketch in sketches]
        last = [
            np.concatenate([loop(lstms[f"encoder.{name}"], rows, gate)[-1] for name, rows in
                            (("forward", some_rows), ("backward", some_rows[::-1]))])
            for some_rows in tables
        ]  # fmt: skip
        mu, sigma = np.stack(last) @ mu_kernel + mu_bias, np.exp((np.stack(last) @ sigma_kernel + sigma_bias) / 2)
        drawn = Drawer(model, weights).encode(sketches)
        np.testing.assert_allclose(drawn[0], mu, atol=2e-6)
        np.testing.assert_allclose(drawn[1], sigma, atol=2e-6)
        batch = batch_of(sketches, padded, 2)
        arrays = [ops.convert_to_tensor(array) for array in (batch.rows, batch.lengths)]
        trained = network.encode(tensors, *arrays, model, None, ops.convert_to_tensor(np.int32(0)))
        np.testing.assert_allclose(ops.convert_to_numpy(trained[0]), mu, atol=2e-6)
        np.testing.assert_allclose(np.exp(ops.convert_to_numpy(trained[1]) / 2), sigma, atol=2e-6)

    drawer, z = Drawer(hparams, weights), mu.astype(np.float32)
    rows = np.stack(tables).astype(np.float32)
    states = ops.convert_to_numpy(
        network.decode(tensors, ops.convert_to_tensor(rows), ops.convert_to_tensor(z), hparams, None, np.int32(0))
    )
    state = drawer.decoder.initial_state(z, 2, hparams.max_seq_len)
    given = np.concatenate([np.tile([[[0, 0, 1, 0, 0]]], (2, 1, 1)), rows[:, :-1]], axis=1).astype(np.float32)
    outputs = [loop(lstms["decoder"], [np.concatenate([row, z[i]]) for row in given[i]], gate) for i in (0, 1)]
    for step in range(hparams.max_seq_len):
        state, h = drawer.decoder.step(state, given[:, step])
        np.testing.assert_allclose(h, [outputs[0][step], outputs[1][step]], atol=2e-6)
        np.testing.assert_allclose(states[step], [outputs[0][step], outputs[1][step]], atol=2e-6)
    np.testing.assert_array_equal(weights["output.kernel"], some["output"]["output/kernel:0"])
    np.testing.assert_array_equal(weights["output.bias"], some["output"]["output/bias:0"])


@pytest.mark.parametrize(("whole", "text"), [(True, "S"), (True, "vlen"), (False, "S")])
def test_every_step_of_the_lstm_variant_is_that_of_the_ports_equations(tmp_path: Path, whole: bool, text: str) -> None:
    some = layers()
    imported = port.read(write(tmp_path, some, whole=whole, text=text))
    check_every_step(imported, some, expected_lstms(some), hard)


def test_layers_of_the_same_shape_are_told_by_their_order(tmp_path: Path) -> None:
    some = layers(*ALIKE)
    assert len({some[name][f"{name}/kernel:0"].shape for name in ("dense_9", "dense_10", "output")}) == 1
    imported = port.read(write(tmp_path, some, {"max_seq_len": ROWS}))
    check_every_step(imported, some, expected_lstms(some), hard)


def test_every_step_of_the_cudnn_variant_is_that_of_the_weights_that_keras_converts(tmp_path: Path) -> None:
    some, converted = fused_layers(), converted_lstms()
    imported = port.read(write(tmp_path, some))
    for name, tensors in converted.items():
        for leaf, tensor in zip(port.LEAVES, tensors, strict=True):
            np.testing.assert_array_equal(imported.weights[f"{name}.{leaf}"], tensor)
    check_every_step(imported, some, converted, lambda x: 1.0 / (1.0 + np.exp(-x)))


def test_the_conventions_of_each_variant_and_its_configuration_are_kept(tmp_path: Path) -> None:
    hparams = port.read(write(tmp_path, layers())).hparams
    assert (hparams.gate_activation, hparams.first_state, hparams.mask_encoder) == ("hard_sigmoid", "zero", False)
    assert (hparams.squash_z, hparams.conditional, hparams.pixel_factor) == (False, True, 1.0)
    assert (hparams.batch_size, hparams.kl_weight, hparams.max_seq_len) == (64, 0.25, ROWS)
    assert hparams.use_recurrent_dropout is True
    fused = port.read(write(tmp_path, fused_layers())).hparams
    assert (fused.gate_activation, fused.first_state, fused.mask_encoder) == ("sigmoid", "zero", False)
    assert fused.use_recurrent_dropout is False


@pytest.mark.parametrize(
    ("data", "name", "scale", "canvas"),
    [
        ("cat.npz", "cat", 43.17017, 255.0),
        (["guitar.npz", "cat.npz"], "guitar_cat", 51.59792, 255.0),
        ("datasets\\owl.npz", "owl", 0.0, 0.0),
        (None, "", 0.0, 0.0),
        ("../..", "", 0.0, 0.0),
        ([["cat"], 3], "", 0.0, 0.0),
    ],
)
def test_the_scale_is_that_of_known_data_or_left_open(
    tmp_path: Path, data: object, name: str, scale: float, canvas: float
) -> None:
    imported = port.read(write(tmp_path, layers(), {**CONFIG, "data_set": data}))
    assert (imported.name, imported.scale_factor, imported.canvas_size) == (name, scale, canvas)
    assert "holds no scale factor" in imported.note


def test_the_configuration_is_found_beside_in_the_logs_or_where_it_is_said_to_be(tmp_path: Path) -> None:
    path = write(tmp_path, layers())
    config = tmp_path / "model_config.json"
    (tmp_path / "checkpoints").mkdir()
    moved = path.rename(tmp_path / "checkpoints" / path.name)
    with pytest.raises(CheckpointError, match=r"no model_config\.json, neither beside it nor in \.\./logs"):
        port.read(moved)
    assert port.read(moved, config).hparams.max_seq_len == ROWS
    (tmp_path / "logs").mkdir()
    config.rename(tmp_path / "logs" / config.name)
    assert port.read(moved).hparams.max_seq_len == ROWS


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (["batch_size", "max_seq_len"], "a list of names without values, as Magenta has written since March 2020"),
        ({"batch_size": 100}, "with max_seq_len among them"),
        ("max_seq_len", "expected a JSON object"),
        ({**CONFIG, "max_seq_len": "many"}, "max_seq_len: expected int, received 'many'"),
        ({**CONFIG, "max_seq_len": 10**9}, "max_seq_len: expected at most"),
        ({**CONFIG, "dec_rnn_size": 512}, "dec_rnn_size is 512, but the weights have 8"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused_in_one_line(tmp_path: Path, config: object, told: str) -> None:
    path = write(tmp_path, layers(), config)
    with pytest.raises(CheckpointError, match=re.escape(told)) as error:
        port.read(path)
    assert str(error.value).startswith(f"{tmp_path / 'model_config.json'}: ")


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"<html>", b"[" * 900, b"[" * 100_000])
def test_a_configuration_that_is_no_json_is_refused(tmp_path: Path, text: bytes) -> None:
    path = write(tmp_path, layers())
    (tmp_path / "model_config.json").write_bytes(text)
    with pytest.raises(CheckpointError, match=r"not valid JSON|a web page|more than"):
        port.read(path)


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html>", b"PK\x03\x04", port.__doc__.encode()])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.hdf5"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="not an HDF5 file"):
        port.read(path)
    with pytest.raises(CheckpointError, match="cannot be read"):
        port.read(tmp_path)


@pytest.mark.parametrize("first", [b"", b"\x89HDF\r\n\x1a\n"])
def test_two_gigabytes_of_zeros_are_refused_unread(tmp_path: Path, first: bytes) -> None:
    path = tmp_path / "weights.hdf5"
    path.write_bytes(first)
    os.truncate(path, 2 << 30)
    with pytest.raises(CheckpointError, match=r"not an HDF5 file|larger than 512 MiB"):
        port.read(path)


def changed(layer: str, leaf: str, value: np.ndarray | None) -> Layers:
    """The port's layers with one tensor replaced in its place, or left out."""
    some = layers()
    weight = f"{layer}/{leaf}:0"
    both = {name: value if name == weight else tensor for name, tensor in some[layer].items()}
    return {**some, layer: {name: tensor for name, tensor in both.items() if tensor is not None}}


@pytest.mark.parametrize(
    ("some", "told"),
    [
        (changed("lstm_20", "bias", None), "found layers of 6, 2, 2, 2, 2 tensors"),
        ({}, "found layers of no tensors"),
        ({**layers(), "more": {"more/kernel:0": np.ones((3, 3))}}, "found layers of"),
        (changed("lstm_20", "bias", np.ones(31)), "decoder.bias has shape [31]"),
        (changed("lstm_20", "bias", np.ones(64)), "encoder.forward: the shapes of its tensors"),
        (changed("output", "kernel", np.ones((9, 21))), "output.kernel has shape [9, 21]"),
        (changed("output", "bias", np.ones(1)), "output.bias has shape [1]"),
        (changed("output", "bias", np.float32(1.0)), "output has a kernel of [8, 21], a bias of []"),
        (changed("dense_9", "kernel", np.ones((0, 4))), "latent.mu.kernel has shape [0, 4]"),
        (changed("dense_9", "bias", np.array([0, 0, np.nan, 0])), "a weight is not finite"),
        (changed("dense_9", "bias", np.arange(4)), "not a plain tensor"),
        (changed("dense_9", "bias", np.array([b"a", b"b"])), "not a plain tensor"),
    ],
)
def test_tensors_that_do_not_make_a_model_are_refused_in_one_line(tmp_path: Path, some: Layers, told: str) -> None:
    path = write(tmp_path, some)
    with pytest.raises(CheckpointError, match=re.escape(told)) as error:
        port.read(path)
    assert str(error.value).startswith(f"{path}: ") or "model_config.json" in str(error.value)
    assert "\n" not in str(error.value)


def replace(path: Path, make: Callable[[h5py.Group], None]) -> Path:
    """Let `make` put something else where the output's bias was."""
    with h5py.File(path, "a") as root:
        group = root["model_weights/output/output"]
        del group["bias:0"]
        make(group)
    return path


def virtual(group: h5py.Group) -> None:
    layout = h5py.VirtualLayout((21,), "f4")
    layout[:] = h5py.VirtualSource(group.file.filename.replace("here", "there"), "/bias", shape=(21,))
    group.create_virtual_dataset("bias:0", layout)


def link(to: object) -> Callable[[h5py.Group], None]:
    return lambda group: group.__setitem__("bias:0", to)


def dataset(**settings: object) -> Callable[[h5py.Group], None]:
    return lambda group: group.create_dataset("bias:0", dtype="f4", **settings)


UNSAFE = {
    "external_link": link(h5py.ExternalLink("../there/weights.hdf5", "/bias")),
    "soft_link": link(h5py.SoftLink("/model_weights/dense_9/dense_9/bias:0")),
    "virtual": virtual,
    "external_storage": dataset(shape=(21,), external=[("../there/raw", 0, 84)]),
    "compressed": dataset(data=np.ones(21), compression="gzip"),
    "chunked": dataset(data=np.ones(21), chunks=(7,)),
    "never_written": dataset(shape=(21,)),
    "huge_and_never_written": dataset(shape=(1 << 40,)),
    "a_group": lambda group: group.create_group("bias:0"),
    "missing": lambda group: None,
}


@pytest.mark.parametrize("kind", UNSAFE)
def test_what_keras_never_writes_is_neither_followed_nor_unpacked(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    monkeypatch.chdir(here)
    with h5py.File(there / "weights.hdf5", "w") as other:
        other.create_dataset("bias", data=np.ones(21, np.float32))
    (there / "raw").write_bytes(bytes(84))
    path = replace(write(here, layers()), UNSAFE[kind])
    with pytest.raises(CheckpointError, match=r"not the weights of a Keras 2 model, or damaged \(.+\)$") as error:
        port.read(path)
    assert "\n" not in str(error.value)


def test_one_tensor_under_many_names_does_not_multiply(tmp_path: Path) -> None:
    some = layers()
    some["dense_9"]["dense_9/kernel:0"] = np.ones((100, 1000), np.float32)
    path = write(tmp_path, some)
    with h5py.File(path, "a") as root:
        root["model_weights/dense_9"].attrs["weight_names"] = [b"dense_9/kernel:0"] * 64
    with pytest.raises(CheckpointError, match="claims more numbers than the file holds"):
        port.read(path)


@pytest.mark.parametrize("names", ["text", ["no", "layer"], np.arange(3), [b"x"] * 65, np.array([b"\xff"])])
def test_a_list_of_names_that_is_none_is_refused(tmp_path: Path, names: object) -> None:
    path = write(tmp_path, layers())
    with h5py.File(path, "a") as root:
        group = root["model_weights"]
        del group.attrs["layer_names"]
        group.attrs["layer_names"] = names
    with pytest.raises(CheckpointError, match="not the weights of a Keras 2 model, or damaged"):
        port.read(path)


def test_a_file_cut_short_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    path = write(tmp_path, layers())
    content = path.read_bytes()
    for size in range(8, len(content), 3989):
        path.write_bytes(content[:size])
        with pytest.raises(CheckpointError, match=r"cannot be read|damaged"):
            port.read(path)


def test_a_damaged_file_that_hdf5_never_finishes_reading_is_given_up(tmp_path: Path) -> None:
    path = write(tmp_path, layers(), text="vlen")
    content = bytearray(path.read_bytes())
    names = content.index(b"GCOL") + 16
    content[names : names + 16] = bytes(16)
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"damaged|cannot be read") as error:
        hdf5.read_layers(path, seconds=3.0)
    assert "\n" not in str(error.value)


def test_damaged_files_are_read_or_refused_in_one_line(tmp_path: Path) -> None:
    path = write(tmp_path, layers())
    content = path.read_bytes()
    refused = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        damaged = bytearray(content)
        for place in rng.integers(8, len(content), 4):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            imported = port.read(path)
        except CheckpointError:
            refused += 1
        else:
            assert set(imported.weights) == set(shapes(imported.hparams))
    assert 0 < refused < 12
