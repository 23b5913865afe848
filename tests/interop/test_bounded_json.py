"""JSON of strangers: bounded before it is parsed, and nothing in it that JSON does not know."""

from pathlib import Path

import pytest

from sketchrnn_cli.errors import CheckpointError
from sketchrnn_cli.interop import bounded_json


def test_a_file_is_read_up_to_its_bounds_and_no_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    path.write_text('[1, {"a": [2, 3]}]')
    assert bounded_json.read(path) == [1, {"a": [2, 3]}]
    monkeypatch.setattr(bounded_json, "MAX_COUNTS", {b"[": 1})
    with pytest.raises(CheckpointError, match=r"more than 1 times '\['"):
        bounded_json.read(path)
    monkeypatch.setattr(bounded_json, "MAX_COUNTS", {b"[": 2})
    assert bounded_json.read(path)
    monkeypatch.setattr(bounded_json, "MAX_FILE_BYTES", 17)
    with pytest.raises(CheckpointError, match="larger than"):
        bounded_json.read(path)


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_of_json_is_refused(constant: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(f'{{"a": {constant}}}')
    with pytest.raises(CheckpointError, match=f"{constant} is not a JSON number"):
        bounded_json.read(tmp_path / "a.json")
