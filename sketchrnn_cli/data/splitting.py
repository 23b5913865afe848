"""Which split a drawing belongs to: by a threshold on a hash, so that a growing set never moves one to another."""

import hashlib


def position(key: bytes) -> float:
    """Return a number in [0, 1) that belongs to a key: the first 8 bytes of its BLAKE2b digest over 2^64."""
    return int.from_bytes(hashlib.blake2b(key).digest()[:8], "big") / 2**64


def position_of_id(key_id: int) -> float:
    """Return the position of a drawing by the number that its source gave it, as decimal text."""
    return position(str(int(key_id)).encode())


def split_at(position: float, valid: float, test: float) -> str:
    """Return test below `test`, valid below `test + valid`, else train."""
    return "test" if position < test else "valid" if position < test + valid else "train"
