"""Access control and security headers of the studio's server.

Other sites' pages can send requests to a server on this machine. They do not know the token and cannot forge Host and
Origin: DNS rebinding (a domain that resolves to 127.0.0.1) shows in Host, another site in Origin.
"""

import hmac
import ipaddress
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_HEADER = "X-Sketchrnn-Token"
GUARDED = ("/api/", "/models/")
"""Paths that need the token; the page itself contains no user data."""
MAX_BODY_BYTES = 8 << 20
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",  # Chromium needs the second for WebAssembly.
        "img-src 'self' blob: data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


class Guard:
    """Middleware that refuses unauthorized requests."""

    def __init__(self, app: ASGIApp, token: str, host: str = "127.0.0.1") -> None:
        """Guard `app`, served on `host`."""
        self.app = app
        self.token = token
        self.names: Collection[str] = LOOPBACK_NAMES | {host.lower()}
        self.any_address = not host or host in ("0.0.0.0", "::")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            await self.app(scope, receive, send_with_headers)
            return
        status, reason = refusal
        await JSONResponse({"error": reason}, status)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Return status and reason if the headers are refused, else None."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return 403, "unknown host name"
        if any(origin != f"http://{hosts[0]}" for origin in headers.getlist("origin")):
            return 403, "requests from another site are refused"
        if not scope["path"].startswith(GUARDED):
            return None
        if not hmac.compare_digest(headers.get(TOKEN_HEADER, "").encode(), self.token.encode()):
            return 403, "the token is missing or outdated; open the address shown in the terminal"
        if scope["method"] != "POST":
            return None
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return 415, "expected Content-Type: application/json"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > 12 or int(length) > MAX_BODY_BYTES:
            return 413, f"a body may have at most {MAX_BODY_BYTES} bytes"
        return None

    def _is_ours(self, host: str) -> bool:
        """Return whether a Host header names this server; the port may differ if it is forwarded."""
        name, colon, port = host.rpartition(":")
        if not colon or not port.isdecimal():
            name = host
        name = name.removeprefix("[").removesuffix("]").lower()
        return name in self.names or (self.any_address and _is_address(name))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
