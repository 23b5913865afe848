"""Damaged files of every kind: taken, or refused in one line; hypothesis looks for others. Hours of it: readers.py."""

import tempfile
from pathlib import Path

import pytest
from damage import KINDS, Edit, damaged
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from readers import COSTLY, PICTURES, READERS, attempt

EDITS = st.lists(
    st.builds(Edit, st.sampled_from(KINDS), st.floats(0, 1, exclude_max=True), st.integers(1, 40)), max_size=4
)


EXAMPLES = 40


def needs(name: str) -> None:
    if name in PICTURES:
        pytest.importorskip("skimage", reason="scikit-image is not installed: pip install 'sketchrnn[scan]'")
    if name == "hdf5":
        pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")


@pytest.mark.parametrize("name", READERS)
def test_a_sound_file_is_read(name: str, tmp_path: Path) -> None:
    needs(name)
    assert attempt(READERS[name], READERS[name].sound(), tmp_path)


@pytest.mark.parametrize("name", READERS)
def test_a_damaged_file_is_read_or_refused(name: str) -> None:
    needs(name)

    @settings(
        max_examples=max(4, EXAMPLES // COSTLY.get(name, 1)),
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(edits=EDITS)
    def reads(edits: list[Edit]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            attempt(READERS[name], damaged(READERS[name].sound(), edits), Path(folder))

    reads()


FOUND: list[tuple[str, bytes | list[Edit]]] = [
    ("npy", [Edit("cut", 0.1, 30)]),  # A header that Python's tokenizer gives up on.
    ("npy", [Edit("write", 0.2, 20)]),
    ("latents", b'{"mu": [[1e308, 0]]}'),  # A warning of NumPy's, beside the one line.
    ("json", b"[[9, 0, 0], [0, 9, -1e308], [-9, 0, 1e308], [0, -9, 1]]"),
    ("cache", b'{"format": 2, "words": ' + 9999 * b"["),  # Deeper than Python's stack.
    ("run", b'{"format": "sketchrnn-run-2", "last": "1", "best": "1", "time": ' + 400 * b"1" + b"}"),
    ("svg", READERS["svg"].sound().replace(b"rotate(10 ", b"rotate(" + 400 * b"1" + b" ")),
    ("sidecar", READERS["sidecar"].sound().replace(b'"step": 0', b'"step": 1e999')),
    ("sidecar", READERS["sidecar"].sound().replace(b'"canvas_size": 255.0', b'"canvas_size": 1' + 400 * b"0")),
    *(  # svgelements gives an arc of radii too large a sweep of NaN.
        ("svg", b'<svg xmlns="http://www.w3.org/2000/svg"><path stroke="#000" d="M7 8 A %b"/></svg>' % arc)
        for arc in (b"5 9 30 0 1 40 %b" % (200 * b"1"), b"5 %b 30 0 1 40 20" % (180 * b"1"))
    ),
]
"""Readers, and what they once failed at: a file, or what was done to a sound one."""


@pytest.mark.parametrize(("name", "damage"), FOUND)
def test_what_was_found_stays_mended(name: str, damage: bytes | list[Edit], tmp_path: Path) -> None:
    blob = damage if isinstance(damage, bytes) else damaged(READERS[name].sound(), damage)
    attempt(READERS[name], blob, tmp_path)  # Raises whatever it once raised, or warns.
