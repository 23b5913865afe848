"""Caches: found where they are, deleted when asked."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sketchrnn_cli import caches
from sketchrnn_cli.cli import app


def test_caches_are_named_with_their_size_and_deleted_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(caches.HOME, str(tmp_path / "user"))
    data = tmp_path / "datasets"
    (data / ".cache" / "abc").mkdir(parents=True)
    (data / ".cache" / "abc" / "points.npy").write_bytes(bytes(1_500_000))
    (data / "cat.npz").write_bytes(b"stays")
    (tmp_path / "user" / "jax").mkdir(parents=True)
    (tmp_path / "user" / "jax" / "step").write_bytes(bytes(500_000))
    listed = CliRunner().invoke(app, ["caches", "--data-dir", str(data)])
    assert [line.split(" in ")[0] for line in listed.stdout.splitlines()] == [
        "prepared data sets: 1.5 MB",
        "converted drawings: 0.0 MB",
        "compiled training steps: 0.5 MB",
    ]
    cleared = CliRunner().invoke(app, ["caches", "--clear", "--data-dir", str(data)])
    assert "deleted: 2.0 MB" in cleared.stderr
    assert [cache.size for cache in caches.found(data)] == [0, 0, 0]
    assert (data / "cat.npz").read_bytes() == b"stays"


def test_a_size_is_found_while_files_vanish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(caches.HOME, str(tmp_path))
    (tmp_path / "jax").mkdir()
    (tmp_path / "jax" / "step").write_bytes(bytes(7))
    (tmp_path / "jax" / "gone").symlink_to("nowhere")  # As a file is that was listed and then removed.
    assert caches.found(tmp_path)[2].size == 7
