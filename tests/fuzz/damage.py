"""Damage to a sound file, as data: what hypothesis can shrink, and a random generator can draw."""

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

HOSTILE: tuple[Any, ...] = (
    None, True, -1, 0, 2**63, -(2**70), 1e308, -1e308, 0.5, "", "\x00", "../../x", "é" * 300, [], {}, [[]], [[[]]],
    [1e99] * 3, {"a": {"b": []}},
)  # fmt: skip
"""Values that somebody might put where another belongs."""
NUMBERS = (
    b"-1", b"0", b"1e999", b"-1e308", b"nan", b"1e-320", b"65536", b"2147483648", b"9223372036854775808", b"1" * 400,
    b"1e9", b"0x10", b"",
)  # fmt: skip
"""What somebody might write where another number stands."""
WORDS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 2**40, 2**63 - 1, 2**64 - 1)
"""Sizes that a file might claim."""
SWOLLEN_BYTES = 200_000
"""What one repetition may add."""


class Edit(NamedTuple):
    """One change, at a place given as a share of the file."""

    kind: str
    """flip, write, cut, repeat, end, swell (repeat many times), number (in text), word (in binary), value (in JSON)."""
    place: float
    """0 to 1."""
    size: int
    """Bytes, or which of `HOSTILE`, `NUMBERS` or `WORDS`."""


KINDS = ("flip", "write", "cut", "repeat", "end", "value", "swell", "number", "word")


def damaged(blob: bytes, edits: Sequence[Edit]) -> bytes:
    """Return a file with changes made to it, one after another."""
    for edit in edits:
        if edit.kind == "value":
            blob = _with_value(blob, edit)
            continue
        changed = bytearray(blob)
        at = min(int(edit.place * len(changed)), max(0, len(changed) - 1))
        if edit.kind == "flip" and changed:
            changed[at] ^= 1 << edit.size % 8
        elif edit.kind == "write":
            changed[at : at + edit.size] = bytes((edit.size * 37 + n * 101) % 256 for n in range(edit.size))
        elif edit.kind == "cut":
            del changed[at : at + edit.size]
        elif edit.kind == "repeat":
            changed[at:at] = changed[at : at + edit.size] * (1 + edit.size % 3)
        elif edit.kind == "end":
            del changed[at:]
        elif edit.kind == "swell":
            part = changed[at : at + edit.size]
            changed[at:at] = part * (SWOLLEN_BYTES // max(1, len(part)))
        elif edit.kind == "number":
            places = list(re.finditer(rb"-?[0-9][0-9.]*", blob))
            if places:
                place = places[min(int(edit.place * len(places)), len(places) - 1)]
                changed[place.start() : place.end()] = NUMBERS[edit.size % len(NUMBERS)]
        elif edit.kind == "word":
            width = (1, 2, 4, 8)[edit.size % 4]
            word = WORDS[edit.size % len(WORDS)] % 2 ** (8 * width)
            changed[at : at + width] = word.to_bytes(width, "big" if edit.size % 3 else "little")
        blob = bytes(changed)
    return blob


def _with_value(blob: bytes, edit: Edit) -> bytes:
    """Return JSON with one of its values replaced; other files are left as they are."""
    try:
        root = [json.loads(blob)]
    except (ValueError, RecursionError):
        return blob
    places: list[tuple[Any, Any]] = []
    waiting: list[Any] = [root]
    while waiting:
        holder = waiting.pop()
        for key in list(holder) if isinstance(holder, dict) else range(len(holder)):
            places.append((holder, key))
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])
    holder, key = places[min(int(edit.place * len(places)), len(places) - 1)]
    holder[key] = HOSTILE[edit.size % len(HOSTILE)]
    return json.dumps(root[0]).encode()


def random_edits(rng: np.random.Generator) -> list[Edit]:
    """Draw one to four changes."""
    return [
        Edit(KINDS[int(rng.integers(len(KINDS)))], float(rng.random()), int(rng.integers(1, 40)))
        for _ in range(int(rng.integers(1, 5)))
    ]
