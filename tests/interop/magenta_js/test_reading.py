"""Magenta.js models: golden numbers of official ones, and a plain loop in that format's own conventions."""

import json
import math
import struct
from base64 import b64encode
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sketchrnn_cli.errors import CheckpointError
from sketchrnn_cli.interop import bounded_json, importing, magenta_js
from sketchrnn_cli.interop.imported import Imported
from sketchrnn_cli.model import equations
from sketchrnn_cli.model.cells import CELLS
from sketchrnn_cli.model.inference import Drawer
from sketchrnn_cli.model.mixture import Mixture
from sketchrnn_cli.model.weights import part
from sketchrnn_cli.sketching import Sketcher
from sketchrnn_cli.store import checkpoint

Peak = Callable[[int], AbstractContextManager[None]]

UNITS, ENCODER, Z, MIXTURES = 6, 4, 3, 2
OUTPUTS = 6 * MIXTURES + 3
GEN = [[UNITS, OUTPUTS], [OUTPUTS], [5, 4 * UNITS], [UNITS, 4 * UNITS], [4 * UNITS]]
VAE = [
    *[[5, 4 * ENCODER], [ENCODER, 4 * ENCODER], [4 * ENCODER]] * 2,
    *[[2 * ENCODER, Z], [Z]] * 2,
    *[[Z, 2 * UNITS], [2 * UNITS]],
    *[[UNITS, OUTPUTS], [OUTPUTS], [5 + Z, 4 * UNITS], [UNITS, 4 * UNITS], [4 * UNITS]],
]
INFO = {"name": "dog", "mode": 2, "version": 6, "max_seq_len": 20, "scale_factor": 60.0}
SQUARE = np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 1]], dtype=np.float64)


def steps(sizes: list[list[int]], seed: int = 0) -> list[list[int]]:
    """Random int16 weights, most of them small."""
    rng = np.random.default_rng(seed)
    return [np.clip(rng.normal(0, 1500, math.prod(size)), -32767, 32767).astype(int).tolist() for size in sizes]


def coded(quantized: list[list[int]]) -> list[str]:
    return [b64encode(struct.pack(f"<{len(values)}h", *values)).decode() for values in quantized]


def write(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


def gen(path: Path, **info: Any) -> Path:
    return write(path, [INFO | info, GEN, coded(steps(GEN))])


def vae(path: Path, **info: Any) -> Path:
    return write(path, [INFO | {"mode": 1} | info, VAE, coded(steps(VAE))])


def tensors(sizes: list[list[int]]) -> list[np.ndarray]:
    return [
        np.array([10 * q / 32767 for q in values]).reshape(size)
        for values, size in zip(steps(sizes), sizes, strict=True)
    ]


def logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def lstm(rows: list[np.ndarray], w_xh: np.ndarray, w_hh: np.ndarray, bias: np.ndarray, c: Any, h: Any) -> list:
    """Every h of an LSTM in the conventions of Magenta: gates i, j, f, o, and 1 added to f."""
    outputs = []
    for x in rows:
        i, j, f, o = np.split(x @ w_xh + h @ w_hh + bias, 4)
        c = c * logistic(f + 1) + logistic(i) * np.tanh(j)
        h = np.tanh(c) * logistic(o)
        outputs.append(h)
    return outputs


def decode(imported: Imported, sketch: np.ndarray, z: np.ndarray | None = None) -> tuple[np.ndarray, Mixture]:
    """Run our equations in float64 over START and a sketch: the stroke-5 targets, and each row's distribution."""
    hparams, weights = imported.hparams, imported.weights
    decoder = part(weights, "decoder")
    rows = np.array([[dx, dy, 1 - pen, pen, 0] for dx, dy, pen in sketch] + [[0, 0, 0, 0, 1.0]])
    inputs = np.concatenate([equations.START[None], rows[:-1]])
    state = (np.zeros((1, hparams.dec_rnn_size)),) * 2
    if z is not None:
        inputs = np.concatenate([inputs, np.tile(z, (len(inputs), 1))], axis=1)
        state = equations.first_state(np, weights, z[None], hparams)
    outputs = []
    for x in inputs:
        state = CELLS["lstm"].step(np, decoder, CELLS["lstm"].project(np, decoder, x[None]), state)
        outputs.append(state[0][0])
    return rows, equations.output_layer(np, weights, np.array(outputs), hparams)


def softmax(logits: np.ndarray) -> np.ndarray:
    return np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()


def losses(mixture: Mixture, rows: np.ndarray) -> tuple[float, float]:
    """−log p of the offsets of all rows but the end, and of all pens, each summed; one Gaussian at a time."""
    offset = pen = 0.0
    for n, (dx, dy, *state) in enumerate(rows):
        pen -= np.log(softmax(mixture.pen_logits[n]) @ state)
        if state[2]:
            continue
        density = 0.0
        for m, pi in enumerate(softmax(mixture.pi_logits[n])):
            sigma_x, sigma_y = np.exp(mixture.log_sigma_x[n, m]), np.exp(mixture.log_sigma_y[n, m])
            rho = np.tanh(mixture.rho_raw[n, m])
            x, y = (dx - mixture.mu_x[n, m]) / sigma_x, (dy - mixture.mu_y[n, m]) / sigma_y
            exponent = -(x * x + y * y - 2 * rho * x * y) / (2 * (1 - rho**2))
            density += pi * np.exp(exponent) / (2 * np.pi * sigma_x * sigma_y * np.sqrt(1 - rho**2))
        offset -= np.log(density)
    return offset, pen


@pytest.mark.parametrize(
    ("name", "pen", "index", "pi", "mu", "sigma", "rho", "nll"),
    [
        (
            "dog", (0.990551, 0.009446, 0.000003), 2, 0.541843,
            (0.179970, 0.166571), (0.429176, 0.141521), -0.199042, (27.010106, 12.650890),
        ),
        (
            "sheep", (0.995996, 0.004003, 0.000001), 12, 0.361317,
            (-0.054666, -0.235488), (0.109826, 0.065731), -0.210220, (20.195471, 12.766998),
        ),
    ],
)  # fmt: skip
def test_official_models_have_their_golden_values(
    name: str, pen: Any, index: int, pi: float, mu: Any, sigma: Any, rho: float, nll: Any, shared_data: Path
) -> None:
    imported = magenta_js.read(shared_data / "magenta_js" / f"{name}.gen.json")
    rows, mixture = decode(imported, SQUARE)
    assert softmax(mixture.pen_logits[0]) == pytest.approx(pen, abs=1e-6)
    weights = softmax(mixture.pi_logits[0])
    assert (weights.argmax(), weights.max()) == (index, pytest.approx(pi, abs=1e-6))
    assert (mixture.mu_x[0, index], mixture.mu_y[0, index]) == pytest.approx(mu, abs=1e-6)
    found = np.exp([mixture.log_sigma_x[0, index], mixture.log_sigma_y[0, index]])
    assert found == pytest.approx(sigma, abs=1e-6)
    assert np.tanh(mixture.rho_raw[0, index]) == pytest.approx(rho, abs=1e-6)
    assert losses(mixture, rows) == pytest.approx(nll, abs=1e-6)


@pytest.mark.parametrize("name", ["dog", "sheep"])
def test_official_models_end_their_drawings(name: str, shared_data: Path, tmp_path: Path) -> None:
    imported = magenta_js.read(shared_data / "magenta_js" / f"{name}.gen.json")
    importing.release(imported, importing.describe(imported)[0], tmp_path / name)
    loaded = checkpoint.load(tmp_path / name)
    sketches = Sketcher(loaded).draw(None, 200, 1.0, seed=0)
    ended = np.mean([len(sketch) < loaded.hparams.max_seq_len for sketch in sketches])
    print(f"{name}: {ended:.1%} of 200 drawings at temperature 1 end before {loaded.hparams.max_seq_len} points")
    assert ended > 0.9


def test_a_decoder_is_that_of_a_plain_loop_in_the_formats_conventions(tmp_path: Path) -> None:
    imported = magenta_js.read(gen(tmp_path / "m.json"))
    output_w, output_b, *cell = tensors(GEN)
    rows, mixture = decode(imported, SQUARE)
    inputs = [equations.START.astype(float), *rows[:-1]]
    expected = np.array(lstm(inputs, *cell, np.zeros(UNITS), np.zeros(UNITS))) @ output_w + output_b
    np.testing.assert_allclose(np.concatenate(mixture, axis=1), expected, atol=1e-12)


@pytest.mark.parametrize("version", [1, 5, 6])
def test_encoder_and_decoder_are_those_of_a_plain_loop(version: int, tmp_path: Path) -> None:
    imported = magenta_js.read(vae(tmp_path / "m.json", version=version))
    values = tensors(VAE)
    rows, _ = decode(imported, SQUARE, np.zeros(Z))
    zero = np.zeros(ENCODER)
    there = lstm(list(rows[:-1]), *values[0:3], zero, zero)[-1]
    back = lstm(list(rows[:-1][::-1]), *values[3:6], zero, zero)[-1]
    encoded = np.concatenate([there, back])
    mu, sigma = Drawer(imported.hparams, imported.weights).encode([SQUARE])
    np.testing.assert_allclose(mu[0], encoded @ values[6] + values[7], atol=1e-6)
    np.testing.assert_allclose(sigma[0], np.sqrt(np.exp(encoded @ values[8] + values[9])), atol=1e-6)

    z = np.array([0.5, -2.0, 1.5])
    c, h = np.split(np.tanh((np.tanh(z) if version < 6 else z) @ values[10] + values[11]), 2)
    inputs = [np.concatenate([x, z]) for x in (equations.START, *rows[:-1])]
    expected = np.array(lstm(inputs, *values[14:17], c, h)) @ values[12] + values[13]
    np.testing.assert_allclose(np.concatenate(decode(imported, SQUARE, z)[1], axis=1), expected, atol=1e-12)


def test_the_drawing_engine_draws_the_same_in_single_precision(tmp_path: Path) -> None:
    imported = magenta_js.read(gen(tmp_path / "m.json"))
    importing.release(imported, importing.describe(imported, canvas_size=255.0)[0], tmp_path / "dog")
    loaded = checkpoint.load(tmp_path / "dog")
    [drawn] = Sketcher(loaded).draw(None, 1, 0.0, seed=0, max_points=1)
    _, mixture = decode(imported, SQUARE)
    best = mixture.pi_logits[0].argmax()
    expected = np.array([mixture.mu_x[0, best], mixture.mu_y[0, best]]) * 60.0 / 2.0
    np.testing.assert_allclose(drawn[0, :2], expected, rtol=1e-5)


def test_integers_in_place_of_base64_are_the_same_model(tmp_path: Path) -> None:
    full = magenta_js.read(write(tmp_path / "m.gen.full.json", [INFO, GEN, steps(GEN)]))
    packed = magenta_js.read(gen(tmp_path / "m.gen.json"))
    for name, value in packed.weights.items():
        np.testing.assert_array_equal(full.weights[name], value)


def test_what_the_info_says_is_kept(tmp_path: Path) -> None:
    imported = magenta_js.read(vae(tmp_path / "m.json", mode="vae", version=3, r_loss=-0.5, kl_loss=0.25))
    hparams = imported.hparams
    assert (hparams.enc_rnn_size, hparams.dec_rnn_size, hparams.z_size, hparams.num_mixture) == (4, 6, 3, 2)
    assert (hparams.conditional, hparams.squash_z, hparams.max_seq_len, hparams.pixel_factor) == (True, True, 20, 2.0)
    assert (imported.name, imported.scale_factor) == ("dog", 60.0)
    assert imported.metrics == {"r_loss": -0.5, "kl_loss": 0.25}
    assert magenta_js.read(gen(tmp_path / "g.json", mode="gen")).hparams.conditional is False


def change(part: int, place: Any, value: Any) -> Any:
    """Content of a gen file with one thing changed."""
    content = [dict(INFO), json.loads(json.dumps(GEN)), coded(steps(GEN))]
    content[part][place] = value
    return content


BAD = {
    "nothing": "",
    "a web page": "\n <!DOCTYPE html><title>Not found</title>",
    "words": "a model",
    "a torn file": json.dumps(change(0, "name", "dog"))[:400],
    "null": "null",
    "a number": "3",
    "an object": '{"max_seq_len": 250}',
    "an empty list": "[]",
    "names without values": '["data_set", "num_steps", "save_every"]',
    "other kinds": "[[], [], []]",
    "NaN": json.dumps(change(0, "scale_factor", math.nan)),
    "infinity": json.dumps(change(0, "scale_factor", math.inf)),
    "overflow": json.dumps(change(0, "scale_factor", 1.5)).replace("1.5", "1e999"),
    "a number of 5000 digits": json.dumps(change(0, "max_seq_len", 17171)).replace("17171", "9" * 5000),
    "no scale": json.dumps(change(0, "scale_factor", None)),
    "a scale in words": json.dumps(change(0, "scale_factor", "60")),
    "a true scale": json.dumps(change(0, "scale_factor", True)),
    "a scale of zero": json.dumps(change(0, "scale_factor", 0)),
    "a negative scale": json.dumps(change(0, "scale_factor", -60)),
    "a negative length": json.dumps(change(0, "max_seq_len", -1)),
    "half a point": json.dumps(change(0, "max_seq_len", 0.5)),
    "an endless length": json.dumps(change(0, "max_seq_len", 10**8)),
    "a list as a version": json.dumps(change(0, "version", [6])),
    "a number as a name": json.dumps(change(0, "name", 7)),
    "a shape of text": json.dumps(change(1, 0, "6, 15")),
    "a shape with a negative": json.dumps(change(1, 4, [-24])),
    "a shape with a truth": json.dumps(change(1, 4, [True])),
    "a shape of three": json.dumps(change(1, 0, [6, 15, 1])),
    "an empty shape": json.dumps(change(1, 0, [])),
    "shapes that do not fit": json.dumps(change(1, 3, [7, 24])),
    "an output of two": json.dumps(change(1, 1, [2])),
    "gigantic units": json.dumps(change(1, 3, [10**12, 4 * 10**12])),
    "a tensor too many": json.dumps([INFO, [*GEN, [1]], coded([*steps(GEN), [1]])]),
    "a tensor missing": json.dumps([INFO, GEN, coded(steps(GEN))[:4]]),
    "no base64": json.dumps(change(2, 4, "*" * 64)),
    "base64 with line breaks": json.dumps(change(2, 4, "AQAB\n" + "AQAB" * 15)),
    "base64 beyond ASCII": json.dumps(change(2, 4, "é" * 64)),
    "base64 too short": json.dumps(change(2, 4, coded([[1] * 23])[0])),
    "base64 too long": json.dumps(change(2, 4, coded([[1] * 25])[0])),
    "an odd number of bytes": json.dumps(change(2, 4, "A" * 62 + "==")),
    "null for weights": json.dumps(change(2, 4, None)),
    "fractions": json.dumps(change(2, 4, [0.5] * 24)),
    "truths": json.dumps(change(2, 4, [True] * 24)),
    "more than 16 bits": json.dumps(change(2, 4, [32768] * 24)),
    "too few integers": json.dumps(change(2, 4, [1] * 23)),
    "lists in lists": json.dumps(change(2, 4, [[1]] * 24)),
    "deep lists": "[" * 900 + "]" * 900,
    "deeper lists": "[" * 100_000 + "]" * 100_000,
    "many lists": "[" + "[]," * 2000 + "[]]",
    "many keys": json.dumps(change(0, "more", dict.fromkeys(map(str, range(2000)), 0))),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_in_one_line(case: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(BAD[case], encoding="utf-8")
    with pytest.raises(CheckpointError) as caught:
        magenta_js.read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < len(str(path)) + 250


@pytest.mark.parametrize("blob", [b"\xff\xfe[\x00", b"[\x80]", b"\x00" * 1000, b"\x1f\x8b\x08\x00packed"])
def test_bytes_that_are_no_text_are_refused(blob: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(blob)
    with pytest.raises(CheckpointError, match="not valid JSON"):
        magenta_js.read(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.json", Path("/dev/zero")):
        with pytest.raises(CheckpointError, match="file"):
            magenta_js.read(path)


def test_two_gigabytes_of_zeros_are_refused_unread(tmp_path: Path, peak_below: Peak) -> None:
    path = tmp_path / "zeros.json"
    with path.open("wb") as file:
        file.truncate(2 << 30)
    with peak_below(1 << 20), pytest.raises(CheckpointError, match="larger than"):
        magenta_js.read(path)


@pytest.mark.parametrize("element", [b"[],", b"{},", b'"ab",', b"0.1,", b'"a":1,'])
def test_a_file_that_would_swell_is_refused_unparsed(element: bytes, tmp_path: Path, peak_below: Peak) -> None:
    path = tmp_path / "swelling.json"
    size = bounded_json.MAX_FILE_BYTES - 10
    path.write_bytes(b"[" + element * (size // len(element)) + b"0]")
    with peak_below(2 * bounded_json.MAX_FILE_BYTES), pytest.raises(CheckpointError, match="more than"):
        magenta_js.read(path)


@pytest.mark.parametrize("mode", [0, 1, 2, "gen", "vae", [2], True, None, "something new"])
def test_the_tensors_say_what_a_model_is_whatever_its_mode(mode: object, tmp_path: Path) -> None:
    for sizes in (VAE, GEN):
        path = write(tmp_path / "a.json", [INFO | {"mode": mode}, sizes, coded(steps(sizes))])
        assert magenta_js.read(path).hparams.conditional is (sizes is VAE)
