"""The studio's server: serves the page and checkpoints, stores drawings, renders GIF and WebP."""

import tempfile
import threading
from importlib.resources import files
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sketchrnn_cli.drawing import output
from sketchrnn_cli.drawing.layout import grid, sequence
from sketchrnn_cli.drawing.style import Style
from sketchrnn_cli.drawing.timing import Timing
from sketchrnn_cli.errors import CheckpointError, DataError, SketchRNNError, UsageError
from sketchrnn_cli.studio import records
from sketchrnn_cli.studio.collection import Collection
from sketchrnn_cli.studio.guard import MAX_BODY_BYTES, Guard
from sketchrnn_cli.studio.models import Models

STATIC = Path(str(files("sketchrnn_cli.studio"))) / "static"
FORMATS = {"gif": "image/gif", "webp": "image/webp"}
MAX_DRAWINGS = 1000
"""Per request."""
ANIMATION_SIZE_PIXELS = 480
"""Larger side."""


def application(models: Models, collection: Collection | None, token: str, host: str = "127.0.0.1") -> Guard:
    """Return the studio's ASGI application.

    Args:
        models: the models available to the page.
        collection: the data set to which drawings are added, if any.
        token: required for requests to user data.
        host: the address it is served on.
    """
    renderer = threading.Lock()

    async def state(request: Request) -> Response:
        data = None
        if collection is not None:
            data = {"name": collection.path.stem, "count": await run_in_threadpool(collection.count)}
        listing = await run_in_threadpool(models.listing)
        return JSONResponse({"models": listing, "data": data, "formats": list(FORMATS)})

    async def model_file(request: Request) -> Response:
        name, file = request.path_params["name"], request.path_params["file"]
        if file not in ("hparams.json", "weights.safetensors"):
            raise HTTPException(404, "a model has hparams.json and weights.safetensors")
        try:
            found = await run_in_threadpool(models.files, name)
        except KeyError as error:
            raise HTTPException(404, "no such model") from error
        if file == "hparams.json":
            return Response(found.hparams, media_type="application/json")
        return Response(found.weights, media_type="application/octet-stream")

    async def drawings(request: Request) -> Response:
        kept = _required(collection)
        text = request.query_params.get("limit", "300")
        if not text.isdecimal() or len(text) > 6:
            raise DataError("limit: expected a whole number")
        latest, count = await run_in_threadpool(kept.latest, min(int(text), MAX_DRAWINGS))
        listed = [{"id": identity, "rows": sketch.tolist(), "word": word} for identity, sketch, word in latest]
        return JSONResponse({"drawings": listed, "count": count})

    async def add_drawing(request: Request) -> Response:
        kept = _required(collection)
        record = records.check_drawing(records.parse_json(await _body(request)))
        try:
            return JSONResponse({"count": await run_in_threadpool(kept.add, record)})
        except DataError as error:
            raise HTTPException(507, str(error)) from error

    async def render(request: Request) -> Response:
        values = records.parse_json(await _body(request))
        sketches = records.check_sketches(values)
        kind, frames = values.get("format"), values.get("frames")
        if not isinstance(kind, str) or kind not in FORMATS or frames not in ("drawing", "morph"):
            raise DataError(f"format: one of {', '.join(FORMATS)}; frames: drawing or morph")
        if (frames == "morph") != (len(sketches) > 1):
            raise DataError("sketches: a morph has two or more, a drawing one")

        def write() -> bytes:
            with renderer:
                return animation(sketches, kind)

        return Response(await run_in_threadpool(write), media_type=FORMATS[kind])

    app = Starlette(
        routes=[
            Route("/api/state", state),
            Route("/models/{name}/{file}", model_file),
            Route("/api/drawings", drawings, methods=["GET"]),
            Route("/api/drawings", add_drawing, methods=["POST"]),
            Route("/api/render", render, methods=["POST"]),
            Mount("/", GZipMiddleware(StaticFiles(directory=STATIC, html=True))),
        ],
        exception_handlers={SketchRNNError: _explain, HTTPException: _explain, Exception: _hide},
    )
    return Guard(app, token, host)


def animation(sketches: list[Any], kind: str) -> bytes:
    """Return a GIF or WebP of one stroke-3 sketch being drawn, or of several as a morph.

    Raises:
        UsageError: too many pixels.
    """
    style = Style(size=ANIMATION_SIZE_PIXELS)
    pictures = [grid(sketches, style=style)] if len(sketches) == 1 else sequence(sketches, style)
    with tempfile.TemporaryDirectory(prefix="sketchrnn-") as folder:
        path = Path(folder) / f"animation.{kind}"
        output.save_animation(pictures, Timing(hold=1.5 if len(sketches) == 1 else 0.5), path)
        return path.read_bytes()


async def _body(request: Request) -> bytes:
    """Return a request's body, limited in size even without Content-Length."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(413, f"a body may have at most {MAX_BODY_BYTES} bytes")
    return bytes(body)


def _required(collection: Collection | None) -> Collection:
    if collection is None:
        raise HTTPException(404, "no data set; restart with --data NAME.ndjson")
    return collection


async def _explain(request: Request, error: Exception) -> Response:
    """Respond with one line on what is wrong."""
    if isinstance(error, HTTPException):
        return JSONResponse({"error": error.detail}, error.status_code, headers=error.headers)
    is_client_error = isinstance(error, DataError | UsageError | CheckpointError)
    return JSONResponse({"error": str(error)}, 400 if is_client_error else 500)


async def _hide(request: Request, error: Exception) -> Response:
    """Respond to a bug: its traceback goes to the terminal only."""
    return JSONResponse({"error": "the server failed; see its terminal"}, 500)
