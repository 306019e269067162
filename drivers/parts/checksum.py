"""The sums by which devices let a listener recognise a damaged frame."""

from __future__ import annotations

from binascii import crc_hqx
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


def crc16_modbus(data: bytes) -> int:
    """Return the CRC of Modbus RTU (polynomial A001 reflected, start FFFF), which is sent low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


def crc16_xmodem(data: bytes) -> int:
    """Return the CRC of XMODEM (polynomial 1021, start 0), which is sent high byte first; with its CRC data have 0."""
    return crc_hqx(data, 0)


def xor8(data: bytes) -> int:
    """Return the exclusive or of the bytes; it misses any two equal bytes that were lost together."""
    return reduce(xor, data, 0)
