"""`checkpoint export`: the name says the format where no option does."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sketchrnn_cli.cli import app
from sketchrnn_cli.errors import SketchRNNError


def test_a_json_is_for_magenta_js_and_a_name_without_a_suffix_is_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SketchRNNError):  # A model with an encoder: refused, not written as a page.
        CliRunner().invoke(app, ["checkpoint", "export", "cat", "--out", "cat.gen.json"], catch_exceptions=False)
    assert not Path("cat.gen.json").exists()
    CliRunner().invoke(app, ["checkpoint", "export", "cat", "--out", "kit"], catch_exceptions=False)
    assert Path("kit/sketchrnn.js").is_file()
