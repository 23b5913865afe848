"""Archives: every writer's load, nothing hostile runs, what is written loads everywhere."""

import io
import os
import pickle
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli.data import archive, cache, npy
from sketchrnn_cli.data.dataset import longest as longest_of
from sketchrnn_cli.data.dataset import scale_factor
from sketchrnn_cli.errors import DataError

Peak = Callable[[int], AbstractContextManager[None]]

SQUARE = np.array([[9, 0, 0], [0, 9, 0], [-9, 0, 1]], dtype=np.int16)
TICK = np.array([[3, 4, 0], [-30, 40, 1]], dtype=np.int16)
SPLITS = {"train": [SQUARE, TICK], "valid": [TICK], "test": [SQUARE]}

HEADER = "{'descr': '|O', 'fortran_order': False, 'shape': (%d,), }\n"


def objects(*arrays: np.ndarray) -> np.ndarray:
    array = np.empty(len(arrays), dtype=object)
    array[:] = arrays
    return array


def member(pickled: bytes, count: int = 1) -> bytes:
    """Return the `.npy` bytes of an object array with a pickle of one's own."""
    header = (HEADER % count).encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + pickled


def save(path: Path, **members: bytes) -> Path:
    """Write an archive of the given members; train, valid and test are sound where not given."""
    sound = member(pickle.dumps(objects(SQUARE), protocol=2))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, blob in {"train": sound, "valid": sound, "test": sound, **members}.items():
            file.writestr(f"{name}.npy", blob)
    return path


def python2_array(array: np.ndarray) -> bytes:
    """Return the opcodes with which Python 2 pickles an array, bytes as a text of 8-bit letters."""
    data = array.tobytes()
    return (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85U\x01bt R".replace(b" ", b"")
        + b"(K\x01(K"
        + bytes([array.shape[0]])
        + b"K\x03tcnumpy\ndtype\n(U\x02i2K\x00K\x01tR(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U"
        + bytes([len(data)])
        + data
        + b"tb"
    )


def python2_pickle(*arrays: np.ndarray) -> bytes:
    return (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01(cnumpy\nndarray\nK\x00\x85U\x01btR(K\x01K"
        + bytes([len(arrays)])
        + b"\x85cnumpy\ndtype\n(U\x02O8K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb\x89]("
        + b"".join(map(python2_array, arrays))
        + b"etb."
    )


@pytest.mark.parametrize(
    ("name", "counts", "mean", "longest", "scale"),
    [
        ("aaron_sheep", (7400, 300, 300), 125.22, 250, 18.519827),
        ("omniglot", (30000, 1000, 1000), 31.11, 157, 53.437045),
        ("short_kanji", (10000, 600, 500), 40.61, 88, 99.712460),
        ("quickdraw_monkey", (726, 50, 50), 76.89, 153, 23.569095),
        ("quickdraw_mixed345", (7320, 400, 400), 41.05, 250, 34.763458),
    ],
)
def test_public_archives_measure_as_published(
    shared_data: Path, name: str, counts: tuple[int, ...], mean: float, longest: int, scale: float
) -> None:
    dataset = archive.load(shared_data / "npz" / f"{name}.npz")
    assert tuple(len(dataset.splits[split]) for split in dataset.splits) == counts
    assert round(float(dataset.train.lengths.mean()), 2) == mean
    assert longest_of([dataset]) == longest
    assert round(scale_factor([dataset]), 6) == scale


def test_what_is_written_loads_back_with_its_origin(tmp_path: Path) -> None:
    path = tmp_path / "new" / "mine.npz"
    archive.write(path, SPLITS, "drawn for a test")
    dataset = archive.load(path)
    assert (dataset.name, dataset.provenance, dataset.path) == ("mine", "drawn for a test", path)
    for split, expected in SPLITS.items():
        assert len(dataset.splits[split]) == len(expected)
        for place, sketch in enumerate(expected):
            np.testing.assert_array_equal(dataset.splits[split][place], sketch)
    assert [file.name for file in path.parent.iterdir()] == ["mine.npz"]


def test_the_same_sketches_give_the_same_bytes(tmp_path: Path) -> None:
    twins = {split: [pickle.loads(pickle.dumps(sketch)) for sketch in made] for split, made in SPLITS.items()}
    archive.write(tmp_path / "a.npz", SPLITS, "here")
    archive.write(tmp_path / "b.npz", twins, "here")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_magentas_reader_and_old_numpy_can_read_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    archive.write(path, SPLITS, "here")
    with np.load(path, encoding="latin1", allow_pickle=True) as found:
        assert {"train", "valid", "test"} <= set(found.files)
        for split, expected in SPLITS.items():
            for read, sketch in zip(found[split], expected, strict=True):
                np.testing.assert_array_equal(read, sketch)
                assert read.dtype == np.int16
    with zipfile.ZipFile(path) as file:
        for split in SPLITS:
            blob = file.read(f"{split}.npy")
            assert b"numpy._core" not in blob  # NumPy before 1.26 has no such module.
            assert b"numpy.core.multiarray" in blob


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.dtype(">i4"), np.int64, np.float16, np.float64])
def test_sketches_of_any_type_and_pickle_protocol_load(protocol: int, dtype: np.dtype, tmp_path: Path) -> None:
    sketch = np.array([[3, 4, 0], [30, 40, 1]], dtype=dtype)
    columns_first = np.asfortranarray(sketch)
    blob = member(pickle.dumps(objects(sketch, columns_first), protocol=protocol), 2)
    dataset = archive.load(save(tmp_path / "a.npz", train=blob))
    train = dataset.train
    assert dataset.stored == ", ".join(sorted({str(sketch.dtype), "int16"}))
    for place in (0, 1):
        np.testing.assert_array_equal(train[place], [[3, 4, 0], [30, 40, 1]])
        assert train[place].dtype == np.float32


def test_archives_of_python_2_load(tmp_path: Path) -> None:
    blob = member(python2_pickle(SQUARE, TICK), 2)
    assert np.array_equal(np.load(io.BytesIO(blob), allow_pickle=True, encoding="latin1")[1], TICK)  # It is one.
    train = archive.load(save(tmp_path / "a.npz", train=blob)).train
    np.testing.assert_array_equal(train[0], SQUARE)
    np.testing.assert_array_equal(train[1], TICK)


def test_sketches_of_one_length_may_be_a_plain_array(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.save(stream, np.stack([SQUARE, SQUARE * [-1, -1, 1]]))
    train = archive.load(save(tmp_path / "a.npz", train=stream.getvalue())).train
    np.testing.assert_array_equal(train[1][:, :2], -SQUARE[:, :2])


def test_offsets_are_clipped_and_pen_values_made_0_or_1(tmp_path: Path) -> None:
    wild = np.array([[5000.0, -1e300, 0.001], [1.5, 2, 0.999]])
    train = archive.load(save(tmp_path / "a.npz", train=member(pickle.dumps(objects(wild), protocol=2)))).train
    np.testing.assert_array_equal(train[0], [[1000, -1000, 0], [1.5, 2, 1]])


def test_an_archive_that_does_not_say_is_taken_for_quick_draw_by_its_name_only(tmp_path: Path) -> None:
    assert "Quick, Draw!" in archive.load(save(tmp_path / "sketchrnn_alarm clock.full.npz")).provenance
    assert archive.load(save(tmp_path / "mine.npz")).provenance == "unknown"


class Maker:
    """Pickles as a call that makes a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_would_run_code_does_not(protocol: int, tmp_path: Path) -> None:
    victim = tmp_path / "made"
    attack = np.empty(2, dtype=object)
    attack[:] = [SQUARE, Maker(victim)]
    blob = member(pickle.dumps(attack, protocol=protocol), 2)
    with pytest.raises(DataError, match=r"refers to|opcode|not a"):
        archive.load(save(tmp_path / "a.npz", train=blob))
    assert not victim.exists()
    np.load(io.BytesIO(blob), allow_pickle=True)  # NumPy's own reader runs it,
    assert victim.exists()  # so it would have.


@pytest.mark.parametrize(
    "pickled",
    [
        b"\x80\x02Nr\xff\xff\xff\x17.",  # A memo index that makes the unpickler claim 6 GB.
        b"\x80\x04\x8e\xff\xff\xff\xff\x00\x00\x00\x00.",  # Bytes longer than the file.
        b"\x80\x02" + b"(" * 100_000 + b"l" * 100_000 + b".",  # Lists in lists.
        b"\x80\x02](" + b"]h\x00" * 10 + b"e.",
        b"\x80\x02N.",
        b"I1\n.",
        b"",
        b".",
    ],
)
def test_a_pickle_that_claims_or_holds_something_else_is_refused(
    pickled: bytes, tmp_path: Path, peak_below: Peak
) -> None:
    path = save(tmp_path / "a.npz", train=member(pickled))
    with peak_below(64 << 20), pytest.raises(DataError, match=r"a\.npz: train"):
        archive.load(path)


def test_a_sketch_repeated_by_reference_does_not_fill_the_memory(tmp_path: Path) -> None:
    large = np.ones((100_000, 3), dtype=np.int16)
    blob = pickle.dumps(objects(*[large] * 10_000), protocol=4)
    with pytest.raises(DataError, match="repeated"):
        archive.load(save(tmp_path / "a.npz", train=member(blob, 10_000)))


def test_a_member_that_unpacks_to_hundreds_of_its_size_is_refused_unread(tmp_path: Path, peak_below: Peak) -> None:
    bomb = save(tmp_path / "a.npz", train=bytes(64 << 20))
    with peak_below(1 << 20), pytest.raises(DataError, match="unpacks to 64 MiB, as no drawings do"):
        archive.load(bomb)


def test_a_file_that_is_no_archive_is_not_read_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / "a.npz").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(DataError, match="not a zip file"):
        cache.load(tmp_path / "a.npz")


def test_a_zip_bomb_ends_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, peak_below: Peak) -> None:
    monkeypatch.setattr(npy, "MAX_MEMBER_BYTES", 1 << 20)
    monkeypatch.setattr(archive, "MAX_SURE_BYTES", 1 << 30)
    bomb = save(tmp_path / "a.npz", test=bytes(64 << 20))
    with peak_below(4 << 20), pytest.raises(DataError, match="unpacks to more than 1024 KiB"):
        archive.load(bomb)


def test_a_plain_array_that_claims_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    header = b"{'descr': '<i8', 'fortran_order': False, 'shape': (1000000000, 3, 3), }\n"
    blob = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(64)
    with pytest.raises(DataError, match="damaged array"):
        archive.load(save(tmp_path / "a.npz", train=blob))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip(path: Path) -> None:
    blob = bytearray(path.read_bytes())
    blob[60] ^= 1
    path.write_bytes(blob)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: path.write_bytes(b""), "not a .npz archive"),
        (lambda path: path.write_text("\n <!DOCTYPE html><html>"), "a web page"),
        (lambda path: path.write_bytes(b"PK\x03\x04" + bytes(99)), "not a .npz archive"),
        (cut, "damaged"),
        (flip, "damaged"),
    ],
)
def test_a_file_that_is_no_archive_says_what_it_is(spoil: Callable[[Path], object], says: str, tmp_path: Path) -> None:
    path = save(tmp_path / "a.npz")
    spoil(path)
    with pytest.raises(DataError, match=says) as caught:
        archive.load(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (np.zeros((5, 2)), r"shape \[5, 2\]"),
        (np.zeros((0, 3)), r"shape \[0, 3\]"),
        (np.zeros(3), r"shape \[3\]"),
        (np.array([[1, np.nan, 0]]), "sketch 1 holds NaN"),
        (np.array([[1, 0, np.inf]]), "sketch 1 holds NaN"),
        (np.array([["a", "b", "c"]]), "not an array of numbers"),
        (np.array([[1j, 0, 0]]), "not an array of numbers"),
        (np.zeros(1, dtype="i4,i4"), "opcode|array of numbers"),
    ],
)
def test_a_bad_sketch_is_named(bad: np.ndarray, says: str, tmp_path: Path) -> None:
    blob = member(pickle.dumps(objects(SQUARE, bad, SQUARE), protocol=3), 3)
    with pytest.raises(DataError, match=says):
        archive.load(save(tmp_path / "a.npz", train=blob))


def test_missing_splits_and_no_training_sketch_are_errors(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.zeros(3), y=np.zeros(3))
    with pytest.raises(DataError, match=r"no 'train' split \(found: x, y\)"):
        archive.load(path)
    archive.write(path, {**SPLITS, "train": []}, "")
    with pytest.raises(DataError, match="no training sketch"):
        archive.load(path)


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file" / "a.npz"
    path.parent.write_text("in the way")
    with pytest.raises(DataError, match="cannot be written"):
        archive.write(path, SPLITS, "here")
    assert path.parent.read_text() == "in the way"


LABELLED = {"words": ["cat", "flying saucer"], "labels": {"train": [1, 0], "valid": [1], "test": [0]}}
KEY_IDS = {split: np.array(ids, np.uint64) for split, ids in (("train", [2**64 - 1, 7]), ("valid", [3]), ("test", [4]))}


def test_labels_words_and_key_ids_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    archive.write(path, SPLITS, "here", **LABELLED, key_ids=KEY_IDS)
    dataset = archive.load(path)
    assert dataset.words == dataset.classes == ("cat", "flying saucer")
    for split, sketches in dataset.splits.items():
        assert (sketches.labels.dtype, sketches.labels.tolist()) == (np.uint16, LABELLED["labels"][split])
        assert (sketches.key_ids.dtype, sketches.key_ids.tolist()) == (np.uint64, KEY_IDS[split].tolist())
    with np.load(path, allow_pickle=False) as plain:
        assert plain["words"].tolist() == LABELLED["words"]  # No pickle.
        assert plain["labels_train"].dtype == np.uint16


def test_an_archive_without_labels_is_of_one_word_its_name(tmp_path: Path) -> None:
    archive.write(tmp_path / "guitar.npz", SPLITS, "here")
    dataset = archive.load(tmp_path / "guitar.npz")
    assert (dataset.words, dataset.classes, dataset.train.labels, dataset.train.key_ids) == (
        (),
        ("guitar",),
        None,
        None,
    )


def packed(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"words": None}, "no 'words'"),
        ({"labels_valid": None}, "no 'labels_valid'"),
        ({"labels_train": packed(np.zeros(3, np.uint16))}, "expected uint16"),
        ({"labels_train": packed(np.zeros(1, np.int64))}, "expected numbers or text"),
        ({"labels_train": packed(np.zeros(1, np.uint32))}, "expected uint16"),
        ({"labels_train": packed(np.full(1, 2, np.uint16))}, "label 2 where there are 2 words"),
        ({"labels_train": packed(np.zeros((1, 1), np.uint16))}, "in one row"),
        ({"labels_train": packed(np.zeros(1, np.uint16))[:-1]}, "a damaged array"),
        ({"labels_train": member(pickle.dumps(objects(SQUARE)))}, "expected numbers or text"),
        ({"words": packed(np.array(["cat", "cat"]))}, "a word occurs twice"),
        ({"words": packed(np.array(["cat", " "]))}, "word 1 is empty"),
        ({"words": packed(np.array(["cat", "a\x1b[2J"]))}, "not printable"),
        ({"words": packed(np.array(["cat", "x" * 101]))}, "longer than 100"),
        ({"words": packed(np.array([], "U3"))}, "1 to 65536 words"),
        ({"words": packed(np.array([b"cat", b"dog"]))}, "expected numbers or text"),
        ({"words": packed(np.array(["cat", "dog"])).replace(b"(2,)", b"(9,)")}, "a damaged array"),
        ({"key_ids_test": None}, "no 'key_ids_test'"),
        ({"key_ids_train": packed(np.zeros(2, np.uint64))}, "expected uint64"),
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path: Path, changed: dict, expected: str) -> None:
    sound = {"words": packed(np.array(["cat", "dog"]))}
    for split in SPLITS:
        sound[f"labels_{split}"] = packed(np.zeros(1, np.uint16))
        sound[f"key_ids_{split}"] = packed(np.zeros(1, np.uint64))
    assert archive.load(save(tmp_path / "sound.npz", **sound)).words == ("cat", "dog")
    members = {name: blob for name, blob in {**sound, **changed}.items() if blob is not None}
    with pytest.raises(DataError, match=expected):
        archive.load(save(tmp_path / "a.npz", **members))


@pytest.mark.parametrize("labels", [[2, 0], [-1, 0], [0], [0, 65536]])
def test_labels_that_do_not_fit_are_not_written(tmp_path: Path, labels: list[int]) -> None:
    with pytest.raises(DataError, match="labels_train"):
        archive.write(tmp_path / "a.npz", SPLITS, "", **{**LABELLED, "labels": {**LABELLED["labels"], "train": labels}})
    assert list(tmp_path.iterdir()) == []


def column(items: list) -> np.ndarray:
    array = np.empty(len(items), dtype=object)
    for place, item in enumerate(items):
        array[place] = item
    return array


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize(
    "made",
    [
        column([SQUARE.tolist(), (SQUARE * [0.5, 0.5, 1]).tolist()]),
        column([[tuple(row) for row in SQUARE.tolist()], SQUARE.astype(object)]),
        np.array([SQUARE.tolist(), SQUARE[::-1].tolist()], dtype=object),
        column([SQUARE.astype(float).astype(object), SQUARE]),
    ],
)
def test_lists_and_numbers_under_dtype_object_are_read(tmp_path: Path, made: np.ndarray, protocol: int) -> None:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "|O", "fortran_order": False, "shape": made.shape})
    pickle.dump(made, stream, protocol=protocol)
    train = archive.load(save(tmp_path / "a.npz", train=stream.getvalue())).train
    expected = [np.array([list(row) for row in item], dtype=float) for item in made]
    for number, sketch in enumerate(expected):
        np.testing.assert_array_equal(train[number], sketch)


@pytest.mark.parametrize(
    "item", [[[1, 2]], [[1, 2, "3"]], [1, 2, 3], [[[1], [2], [3]]], [[1, 2, None]], [[1e400, 0, 0]]]
)
def test_lists_that_are_no_sketches_are_refused(tmp_path: Path, item: list) -> None:
    with pytest.raises(DataError):
        archive.load(save(tmp_path / "a.npz", train=member(pickle.dumps(column([item]), protocol=3))))


def test_a_list_repeated_beyond_reason_is_refused(tmp_path: Path) -> None:
    one = [[1, 2, 0]] * 1000
    with pytest.raises(DataError, match="too many repeated sketches"):
        archive.load(save(tmp_path / "a.npz", train=member(pickle.dumps(column([one] * 1000), protocol=4))))


def test_a_split_that_is_absent_is_empty_and_may_have_another_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", train=column([SQUARE] * 3))
    assert [len(archive.load(tmp_path / "a.npz").splits[name]) for name in ("train", "valid", "test")] == [3, 0, 0]
    for name in ("val", "validation"):
        np.savez(tmp_path / "b.npz", train=column([SQUARE] * 3), test=column([SQUARE]), **{name: column([SQUARE] * 2)})
        assert [len(archive.load(tmp_path / "b.npz").splits[each]) for each in ("valid", "test")] == [2, 1]
    np.savez(tmp_path / "c.npz", test=column([SQUARE]))
    with pytest.raises(DataError, match="no 'train' split"):
        archive.load(tmp_path / "c.npz")


def test_a_pointer_of_git_lfs_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(DataError, match="git lfs pull"):
        archive.load(tmp_path / "a.npz")


@pytest.mark.parametrize("kind", [">i2", "<i2", ">f4", ">i8"])
def test_numbers_in_either_byte_order_are_read(kind: str, tmp_path: Path) -> None:
    other = SQUARE.astype(kind)
    train = archive.load(save(tmp_path / "a.npz", train=member(pickle.dumps(objects(other), protocol=2)))).train
    np.testing.assert_array_equal(train[0], SQUARE)


def test_an_archive_bears_no_date(tmp_path: Path) -> None:
    archive.write(tmp_path / "a.npz", {"train": [SQUARE], "valid": [], "test": []}, "made by a test")
    with zipfile.ZipFile(tmp_path / "a.npz") as file:
        assert {member.date_time for member in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
