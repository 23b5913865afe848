"""What the page sends, checked before it reaches the disk."""

from typing import Any

import pytest
from studio_server import drawing

from sketchrnn_cli.errors import DataError
from sketchrnn_cli.studio import records


def test_a_drawing_is_taken_as_it_is_without_what_nobody_knows() -> None:
    sent = drawing("drawing-1")
    assert records.check_drawing(sent | {"unknown": 1}) == sent


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "../../etc/passwd"}, "id: expected 8 to 64 letters"),
        ({"id": "short"}, "id: "),
        ({"pressure": [[0.5], [0.5, 0.5]]}, "pressure: expected one number for each point"),
        ({"pressure": [[0.5, 0.5, 1.5], [0.5, 0.5]]}, "pressure: expected lists of numbers within"),
        ({"drawing": [[[0, 1, 2], [0, 1], [0, 1, 2]], [[5, 90], [40, 12], [100, 140]]]}, "need the same length"),
        ({"drawing": [[[], [], []], [[5, 90], [40, 12], [100, 140]]]}, "need the same length, at least 1"),
        (
            {"drawing": [[[0, 1e7, 2], [0, 1, 2], [0, 1, 2]], [[5, 90], [40, 12], [100, 140]]]},
            "drawing: expected lists",
        ),
        ({"by": ["hand"]}, "by: expected hand or model for each stroke"),
        ({"by": ["hand", "robot"]}, "by: expected hand or model"),
        ({"word": "a\nb"}, "word: expected at most 100 printable"),
        ({"temperature": True}, "temperature: expected a number"),
    ],
    ids=str,
)
def test_a_drawing_that_is_none_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        records.check_drawing(drawing("drawing-1") | changes)


@pytest.mark.parametrize("body", [b'{"a": NaN}', b'{"a": -Infinity}', b"[]", b"{", b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(DataError, match="JSON"):
        records.parse_json(body)
    assert records.parse_json(b'{"a": 1}') == {"a": 1}
