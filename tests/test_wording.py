"""Numbers in messages."""

import pytest

from sketchrnn_cli.wording import counted


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (1, "step", "1 step"),
        (0, "step", "0 steps"),
        (1, "sketch", "1 sketch"),
        (2, "sketch", "2 sketches"),
        (2, "epoch", "2 epochs"),
    ],
)
def test_one_is_no_plural(number: int, noun: str, text: str) -> None:
    assert counted(number, noun) == text
