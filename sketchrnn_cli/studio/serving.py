"""Run the studio's server on a port, until Ctrl-C."""

import contextlib
import errno
import secrets
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn

from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.studio.collection import Collection
from sketchrnn_cli.studio.models import Models
from sketchrnn_cli.studio.server import application

PORT = 8745
"""A browser keeps drawings that no server has answered for by address and port: so it is the same at each start."""
PORTS = 20
GRACE_SECONDS = 2
"""How long requests in progress may take after Ctrl-C."""


def serve(
    ckpts: list[str],
    checkpoint_dir: Path,
    data: Path | None,
    host: str,
    port: int | None,
    opened: Callable[[str], None],
) -> None:
    """Serve the studio until Ctrl-C.

    Args:
        ckpts: the models to draw with; none are all there are.
        checkpoint_dir: where their names are looked up.
        data: an .ndjson file that drawings are added to.
        host: the address to listen on.
        port: 0 takes any free one, None the first free one from `PORT` on.
        opened: called with the address to open, token included, once it answers.

    Raises:
        CheckpointError: a model cannot be opened.
        DataError: the data set cannot be read or written.
        UsageError: it is no .ndjson file, or the address cannot be listened on.
    """
    models = Models(ckpts, checkpoint_dir)
    collection = None if data is None else Collection(data)
    token = secrets.token_urlsafe(24)
    listener = _listen(host, range(PORT, PORT + PORTS) if port is None else [port])
    config = uvicorn.Config(
        application(models, collection, token, host),
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        http="h11",
        loop="asyncio",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    with listener, contextlib.suppress(KeyboardInterrupt):
        # The socket listens already: whoever opens the address at once waits, and is answered.
        name = f"[{host}]" if ":" in host else host
        opened(f"http://{name}:{listener.getsockname()[1]}/#token={token}")
        uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, ports: Sequence[int]) -> socket.socket:
    """Return a socket that listens on the first of `ports` that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in ports:
        try:
            return socket.create_server((host, port), family=family)
        except (OSError, UnicodeError) as error:
            if port != ports[-1] and isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
                continue
            raise UsageError(f"cannot listen on {host} port {port}: {error}; --port 0 takes a free port") from error
    raise UsageError("no port to listen on")
