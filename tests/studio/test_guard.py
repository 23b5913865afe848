"""What a foreign page, a wrong name or a hostile body gets from the server: a refusal in one line, and nothing else."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from studio_server import Server, drawing, tiny_checkpoint

from sketchrnn_cli.studio.guard import MAX_BODY_BYTES, Guard

READS = ("/api/state", "/api/drawings", "/models/tiny/hparams.json", "/models/tiny/weights.safetensors")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("studio")
    (folder / "secret.json").write_text("{}")
    server = Server(tiny_checkpoint(folder / "tiny"), "--data", folder / "mine.ndjson")
    yield server
    code, said = server.stop()
    assert code == 0
    assert "Traceback" not in said


def refused(answer: tuple[int, bytes, object], status: int, reason: str) -> None:
    found, body, _ = answer
    assert found == status, body
    values = json.loads(body)
    assert list(values) == ["error"]
    assert reason in values["error"]
    assert "Traceback" not in values["error"]
    assert "\n" not in values["error"]


@pytest.mark.parametrize("path", READS)
def test_a_request_with_the_token_is_answered(server: Server, path: str) -> None:
    assert server.ask("GET", path)[0] == 200
    assert server.ask("GET", path, Host="localhost:" + server.host.rpartition(":")[2])[0] == 200
    assert server.ask("GET", path, Origin=server.base)[0] == 200


@pytest.mark.parametrize("path", [*READS, "/", "/studio.css"])
@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", None])
def test_another_name_for_this_machine_is_refused(server: Server, path: str, host: str | None) -> None:
    status, body, _ = server.ask("GET", path, Host=host)
    assert status in (400, 403), body
    assert b"hyperparameters" not in body


@pytest.mark.parametrize(
    ("served", "host", "is_ours"),
    [
        ("127.0.0.1", "localhost", True),
        ("127.0.0.1", "LOCALHOST:9", True),
        ("127.0.0.1", "[::1]:8745", True),
        ("127.0.0.1", "192.168.1.5:8745", False),
        ("box.local", "box.local:8745", True),
        ("0.0.0.0", "192.168.1.5:8745", True),
        ("0.0.0.0", "evil.example:8745", False),
        ("::", "[fe80::1]:8745", True),
    ],
)
def test_a_server_knows_its_names_whatever_the_port(served: str, host: str, is_ours: bool) -> None:
    async def nothing(scope: object, receive: object, send: object) -> None: ...

    assert Guard(nothing, "token", served)._is_ours(host) is is_ours


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://localhost:1"])
def test_another_site_is_refused(server: Server, path: str, origin: str) -> None:
    refused(server.ask("GET", path, Origin=origin), 403, "another site")


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("token", [None, "", "x", "ü", "0" * 32])
def test_without_the_token_nothing_is_read(server: Server, path: str, token: str | None) -> None:
    token = token and token.encode().decode("latin-1")
    refused(server.ask("GET", path, X_Sketchrnn_Token=token), 403, "token")


def test_without_the_token_nothing_is_written(server: Server) -> None:
    before = server.json("GET", "/api/state")["data"]["count"]
    body = json.dumps(drawing("never-written")).encode()
    refused(server.ask("POST", "/api/drawings", body, X_Sketchrnn_Token=None), 403, "token")
    refused(server.ask("POST", "/api/drawings", body, Origin="http://evil.example"), 403, "another site")
    assert server.json("GET", "/api/state")["data"]["count"] == before


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_a_form_of_another_site_cannot_pass_for_json(server: Server, kind: str | None) -> None:
    body = json.dumps(drawing("a-form-of-theirs")).encode()
    refused(server.ask("POST", "/api/drawings", body, Content_Type=kind), 415, "application/json")


@pytest.mark.parametrize("path", ["/api/drawings", "/api/render"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"id": NaN}',
        b'{"id": "12345678", "drawing": 1e999}',
        b"{" + b'"a":' * 3,
        b"9" * 10_000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_malformed_body_is_refused_in_one_line(server: Server, path: str, body: bytes) -> None:
    refused(server.ask("POST", path, body), 400, "")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": "short"}, "id"),
        ({"id": "../../etc/passwd"}, "id"),
        ({"id": 12345678}, "id"),
        ({"drawing": []}, "drawing"),
        ({"drawing": "strokes"}, "drawing"),
        ({"drawing": [[[1], [2]], [[1], [2]]]}, "drawing"),
        ({"drawing": [[[1, 2, 3], [1, 2], [1, 2, 3]], [[5], [4], [1]]]}, "drawing"),
        ({"drawing": [[["1"], [2], [3]]], "pressure": [[1]], "by": ["hand"]}, "drawing"),
        ({"drawing": [[[True], [2], [3]]], "pressure": [[1]], "by": ["hand"]}, "drawing"),
        ({"drawing": [[[1e300], [2], [3]]], "pressure": [[1]], "by": ["hand"]}, "drawing"),
        ({"drawing": [[[0] * 50_001] * 3], "pressure": [[1] * 50_001], "by": ["hand"]}, "drawing"),
        ({"drawing": [[[0] * 40_000] * 3] * 2, "pressure": [[1] * 40_000] * 2}, "drawing"),
        ({"drawing": [[[0], [0], [0]]] * 2_001}, "drawing"),
        ({"pressure": [[0.5], [0.5]]}, "pressure"),
        ({"pressure": [[0.5, 0.5, 7], [0.5, 0.5]]}, "pressure"),
        ({"by": ["hand"]}, "by"),
        ({"by": ["hand", "robot"]}, "by"),
        ({"by": ["hand", ["model"]]}, "by"),
        ({"word": "x" * 101}, "word"),
        ({"word": "two\nlines"}, "word"),
        ({"word": ["cat"]}, "word"),
        ({"model": 3}, "model"),
        ({"temperature": "hot"}, "temperature"),
        ({"seed": True}, "seed"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_drawing_that_is_none_is_refused_by_name(server: Server, changes: dict, reason: str) -> None:
    body = json.dumps(drawing("a-drawing-that-is-none", **changes)).encode()
    refused(server.ask("POST", "/api/drawings", body), 400, reason)


@pytest.mark.parametrize("path", ["/api/drawings", "/api/render"])
def test_a_body_that_is_too_large_is_refused_by_its_length_or_while_it_comes(server: Server, path: str) -> None:
    length = str(MAX_BODY_BYTES + 1)
    refused(server.ask("POST", path, b"", Content_Length=length), 413, "at most")
    name, _, port = server.host.rpartition(":")
    with socket.create_connection((name, int(port)), timeout=30) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: {server.host}\r\nX-Sketchrnn-Token: {server.token}\r\n"
        head += "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        for _ in range(MAX_BODY_BYTES >> 20):
            connection.sendall(b"100000\r\n" + b" " * (1 << 20) + b"\r\n")
        connection.sendall(b"1\r\n \r\n")  # One byte too many, and no end yet.
        answer = b""
        while data := connection.recv(65536):
            answer += data
    assert answer.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "path",
    [
        "/models/../secret.json",
        "/models/..%2fsecret.json/hparams.json",
        "/models/..%2f..%2fsecret/hparams.json",
        "/models/tiny/..%2f..%2fsecret.json",
        "/models/tiny%00/hparams.json",
        "/models/tiny/run.json",
        "/models//hparams.json",
        "/../server.py",
        "/..%2fserver.py",
        "/%2e%2e/server.py",
        "/js/..%2f..%2fserver.py",
        "//etc/passwd",
        "/api/nothing",
    ],
)
def test_no_path_leads_to_another_file(server: Server, path: str) -> None:
    status, body, _ = server.ask("GET", path)
    assert status == 404
    assert b"import" not in body
    assert "error" in json.loads(body)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "OPTIONS", "PATCH"])
def test_no_other_method_is_known(server: Server, method: str) -> None:
    assert server.ask(method, "/api/drawings", b"{}")[0] == 405


def test_every_answer_says_what_the_page_may_do(server: Server) -> None:
    for answer in (
        server.ask("GET", "/api/state"),
        server.ask("GET", "/"),
        server.ask("GET", "/nothing"),
        server.ask("GET", "/api/state", X_Sketchrnn_Token=None),
        server.ask("POST", "/api/drawings", b"{"),
    ):
        assert "Content-Security-Policy" in answer[2]
        policy = answer[2]["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "script-src 'self' 'wasm-unsafe-eval'" in policy
        assert "unsafe-inline" not in policy
        assert "Access-Control-Allow-Origin" not in answer[2]
        assert answer[2]["X-Content-Type-Options"] == "nosniff"
        assert "Server" not in answer[2]


def test_the_token_is_another_one_at_each_start(server: Server, tmp_path: Path) -> None:
    other = Server(tiny_checkpoint(tmp_path / "tiny"))
    assert len(other.token) >= 32
    assert other.token != server.token
    refused(other.ask("GET", "/api/state", X_Sketchrnn_Token=server.token), 403, "token")
    assert other.stop()[0] == 0
