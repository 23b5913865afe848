"""A studio's server in a process of its own, and requests to it down to the last header."""

import http.client
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import shapes
from sketchrnn_cli.store import checkpoint
from sketchrnn_cli.store.checkpoint import Sidecar

TINY = HParams(enc_rnn_size=6, dec_rnn_size=10, z_size=4, num_mixture=3, max_seq_len=40)


def tiny_checkpoint(folder: Path, **changes: Any) -> Path:
    """A released checkpoint with random weights."""
    hparams = TINY.replace(**changes)
    rng = np.random.default_rng(3)
    weights = {name: 0.3 * rng.standard_normal(shape) for name, shape in shapes(hparams).items()}
    checkpoint.release(folder, Sidecar(hparams, 40.0, 255.0), weights)
    return folder


def drawing(identity: str, **changes: Any) -> dict[str, Any]:
    """What the page sends for a drawing of two strokes, one by the model."""
    return {
        "id": identity,
        "drawing": [[[0, 10.5, 30], [0, 20, 5], [0, 8, 30]], [[5, 90], [40, 12], [100, 140]]],
        "pressure": [[0.5, 0.75, 1], [0.5, 0.5]],
        "by": ["hand", "model"],
        "word": "cat",
        "model": "cat",
        "temperature": 0.4,
        "seed": 7,
    } | changes


class Server:
    """`sketchrnn studio` as a user starts it."""

    def __init__(self, ckpt: Path, *options: str | Path) -> None:
        words = [sys.executable, "-m", "sketchrnn_cli", "studio", str(ckpt), "--no-browser", "--port", "0"]
        self.process = subprocess.Popen(
            [*words, *map(str, options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        assert self.address, self.process.communicate()[1]
        base, _, self.token = self.address.partition("/#token=")
        self.base = base
        self.host = base.removeprefix("http://")

    def ask(
        self, method: str, path: str, body: bytes | None = None, drop: str = "", **headers: str | None
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        """Send one request; the right headers stand where none of their names (with _ for -) is given."""
        name, _, port = self.host.rpartition(":")
        connection = http.client.HTTPConnection(name, int(port), timeout=30)
        sent: dict[str, str | None] = {"Host": self.host, "X-Sketchrnn-Token": self.token}
        if body is not None:
            sent |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
        sent |= {key.replace("_", "-"): value for key, value in headers.items()}
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for key, value in sent.items():
            if value is not None:
                connection.putheader(key, value)
        try:
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def json(self, method: str, path: str, values: object = None) -> Any:
        """Ask for JSON that must come."""
        status, body, _ = self.ask(method, path, None if values is None else json.dumps(values).encode())
        assert status == 200, body
        return json.loads(body)

    def stop(self, how: int = signal.SIGINT) -> tuple[int, str]:
        """End the process; return its exit code and what it said to stderr."""
        self.process.send_signal(how)
        said = self.process.communicate(timeout=60)[1]
        return self.process.returncode, said
