"""Fingerprints as they stand on disk: 32 bits each, one after the other."""

from array import array


def numbers(packed: bytes) -> "array[int]":
    """The fingerprints again."""
    found = array("I")
    found.frombytes(packed)
    return found
