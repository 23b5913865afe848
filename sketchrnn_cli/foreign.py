"""Name, by its first bytes, a file that lies where another was expected."""

import stat
from pathlib import Path

HEAD = 512
"""Bytes that are looked at."""

LFS = b"version https://git-lfs"

WEB_PAGE = "a web page, saved in place of the file; fetch the file itself"
LFS_POINTER = "a Git LFS pointer, not the file itself; git lfs pull fetches that"


def name(head: bytes) -> str:
    """Return what a file is that begins with `head` and cannot be what it should, and what to do; else nothing."""
    if head.startswith(LFS):
        return LFS_POINTER
    return WEB_PAGE if head.lstrip().startswith(b"<") else ""


def obstacle(path: Path) -> str:
    """Return why a path is not to be read as the file that its name says, and what to do; else nothing.

    A pipe would be waited for without end. What cannot be opened is left to its reader.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return ""
        if not stat.S_ISREG(mode):
            return "a pipe or a device; save it as a file first"
        with path.open("rb") as file:
            return LFS_POINTER if file.read(len(LFS)) == LFS else ""
    except OSError:
        return ""


def model(path: Path) -> str:
    """Return what a file is that is no model we import, and what to do; nothing where its reader knows better."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return ""
    suffix = path.suffix.lower()
    if found := name(head):
        return found
    if suffix == ".npz":
        return "a NumPy archive, as of drawings to train on; import takes a Magenta.js .json or a Keras .hdf5"
    if suffix in (".pth", ".pt", ".ckpt", ".pkl") or head.startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04")):
        return "a PyTorch or pickle file, whose layout is not known; import takes a Magenta.js .json or a Keras .hdf5"
    if head.startswith(b"PK"):
        return "a zip file (of Keras 3, PyTorch or NumPy); import takes a Magenta.js .json or a Keras 2 .hdf5"
    if suffix in (".index", ".meta", ".pb") or path.name == "checkpoint" or ".data-" in path.name:
        return "a TensorFlow checkpoint; convert it to a Magenta.js .json first"
    if suffix == ".safetensors":
        return "tensors without a description; a checkpoint of ours is a folder, and its name can be given at once"
    return ""
