"""The sums by which devices let a listener recognise a damaged frame."""

from __future__ import annotations

from functools import reduce
from operator import xor


def sum8(data: bytes) -> int:
    """Return the sum of the bytes modulo 256."""
    return sum(data) & 0xFF


def sum16(data: bytes) -> int:
    """Return the sum of the bytes modulo 65536."""
    return sum(data) & 0xFFFF


def negated_sum8(data: bytes) -> int:
    """Return the byte that brings the sum of the bytes to 0 modulo 256."""
    return -sum(data) & 0xFF


def xor8(data: bytes) -> int:
    """Return the exclusive or of the bytes; it misses any two equal bytes that were lost together."""
    return reduce(xor, data, 0)
