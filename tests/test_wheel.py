"""What is packed into the wheel: the program and the bundled models, not what lies beside them."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BUNDLED = sorted(
    line.removeprefix("!/checkpoints/").rstrip("/")
    for line in (ROOT / ".gitignore").read_text().splitlines()
    if line.startswith("!/checkpoints/") and line.endswith("/")
)


def test_every_bundled_model_is_packed_by_name() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]
    assert sorted(build["wheel"]["force-include"]) == [f"checkpoints/{name}" for name in BUNDLED]
    assert sorted(path for path in build["sdist"]["include"] if path.startswith("/checkpoints")) == [
        f"/checkpoints/{name}" for name in BUNDLED
    ]


def test_a_wheel_holds_the_bundled_models_and_no_training_run(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    for name in ("sketchrnn_cli", "pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    for name in BUNDLED:
        shutil.copytree(ROOT / "checkpoints" / name, tmp_path / "checkpoints" / name)
    run = tmp_path / "checkpoints" / "my_run" / "steps" / "000700"
    run.mkdir(parents=True)
    (run / "weights.safetensors").write_bytes(b"mine")
    (tmp_path / "checkpoints" / "dog.gen.json").write_text("[]")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").iterdir()
    inside = {Path(name).parts[2] for name in zipfile.ZipFile(wheel).namelist() if "/checkpoints/" in name}
    assert sorted(inside) == BUNDLED
