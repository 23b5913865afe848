"""Run the studio's server until Ctrl-C."""

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
"""Fixed, because a browser stores unsent drawings per origin."""
PORTS = 20
GRACE_SECONDS = 2
"""For requests in progress after Ctrl-C."""


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
        ckpts: the models to draw with; empty for all.
        checkpoint_dir: where their names are looked up.
        data: the .ndjson file to which drawings are added.
        host: the address to listen on.
        port: 0 for any free one, None for the first free one from `PORT` on.
        opened: called with the URL to open, including the token, once the server is listening.

    Raises:
        CheckpointError: a model cannot be opened.
        DataError: the data set cannot be read or written.
        UsageError: the data set is not an .ndjson file, or the address cannot be used.
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
        # The socket is already listening, so an early request only waits
        name = f"[{host}]" if ":" in host else host
        opened(f"http://{name}:{listener.getsockname()[1]}/#token={token}")
        uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, ports: Sequence[int]) -> socket.socket:
    """Return a socket listening on the first free port of `ports`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in ports:
        try:
            return socket.create_server((host, port), family=family)
        except (OSError, UnicodeError) as error:
            if port != ports[-1] and isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
                continue
            raise UsageError(f"cannot listen on {host} port {port}: {error}; --port 0 takes a free port") from error
    raise UsageError("no port to listen on")
