"""What a serial line brings to every driver, whatever device it is for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from math import isfinite
from operator import xor

from hypothesis import strategies as st

from drivers.catalogue import known
from drivers.driver import CAUSES, Driver
from telemetry.reading import Measurement
from tests.fuzz.surface import Surface
from tests.support.captures import made, own

_LARGEST_BOUND = 1024
_LONGEST_LINE = 256
_HEAVY = 2**14
_PIECES = 64
_CHECK = re.compile(rb"\*([0-9A-Fa-f]{2})")


def _frames(header: bytes, length: int, is_sound: Callable[[bytes], bool]) -> Callable[[bytes], int]:
    """Return a count of the places at which a sound frame begins."""
    header_there = re.compile(b"(?=%b)" % re.escape(header))

    def count(data: bytes) -> int:
        candidates = (data[found.start() : found.start() + length] for found in header_there.finditer(data))
        return sum(len(frame) == length and is_sound(frame) for frame in candidates)

    return count


def _sentences(data: bytes) -> int:
    """Count the places from which a line's check, wherever it stands in it, agrees."""
    return sum(
        _starts(data[max(0, star.start() - _LONGEST_LINE) : star.start()], int(star[1], 16))
        for star in _CHECK.finditer(data)
    )


def _starts(before: bytes, check: int) -> int:
    found, total = 0, 0
    for byte in reversed(re.split(rb"[*\r\n]", before)[-1]):
        found += byte in b"$!" and total == check
        total ^= byte
    return found


SOUND: Mapping[str, Callable[[bytes], int]] = {
    "mhz19b": _frames(b"\xff\x86", 9, lambda f: sum(f[1:]) % 256 == 0),
    "nmea": _sentences,
    "pmsx003": _frames(b"BM\0\x1c", 32, lambda f: f[30] * 256 + f[31] == sum(f[:30]) % 65536),
    "sds011": _frames(b"\xaa\xc0", 10, lambda f: f[9] == 0xAB and sum(f[2:8]) % 256 == f[8]),
}
"""How many frames a value may come from, counted without the drivers; one that is not here is not counted."""


def seeds() -> Sequence[bytes]:
    """Return each driver's captures, one by one and all together."""
    captures = {name: [capture.data for capture in own(name)] for name in known()}
    return [*(data for said in captures.values() for data in said), *map(b"".join, captures.values())]


def heavy() -> Sequence[bytes]:
    """Return many headers, of line ends, of dollars and of sound frames."""
    return [
        each * (_HEAVY // len(each)) for each in (b"\xaa\xc0", b"BM", b"\xff\x86", b"BM\0\x1c", b"\n", b"$\n", b"$")
    ] + [b"".join(capture.data for name in known() for capture in own(name)) * 20]


def read(data: bytes) -> Mapping[str, tuple[Driver, list[Measurement]]]:
    """Feed every driver."""
    drivers = {name: made(name) for name in known()}
    return {name: (driver, driver.feed(data)) for name, driver in drivers.items()}


def judge(data: bytes, heard: Mapping[str, tuple[Driver, list[Measurement]]]) -> None:
    """See that values come from sound frames only, that causes are counted, and that pieces say what the whole says."""
    for name, (driver, said) in heard.items():
        assert driver.scanner.held <= driver.scanner.bound <= _LARGEST_BOUND
        assert set(driver.rejected) <= set(CAUSES)
        assert driver.accepted == len(said)
        claimed = {(quantity.family, quantity.name) for quantity in driver.quantities}
        assert {(found.family, key) for found in said for key in found.values} <= claimed
        assert all(isfinite(value) for found in said for value in found.values.values())
        assert name not in SOUND or len(said) <= SOUND[name](data)
        assert _in_pieces(made(name), data) == said


def _in_pieces(driver: Driver, data: bytes) -> list[Measurement]:
    size = 1 + len(data) % 7 + len(data) // _PIECES
    return [found for at in range(0, len(data), size) for found in driver.feed(data[at : at + size])]


def _sds011(body: bytes) -> bytes:
    return b"\xaa\xc0" + body + bytes([sum(body) % 256, 0xAB])


def _mhz19b(body: bytes) -> bytes:
    return b"\xff\x86" + body + bytes([-(0x86 + sum(body)) % 256])


def _pmsx003(body: bytes) -> bytes:
    return b"BM\0\x1c" + body + (sum(b"BM\0\x1c" + body) % 65536).to_bytes(2, "big")


def _nmea(body: str) -> bytes:
    return b"$%b*%02X\r\n" % (body.encode("latin-1"), reduce(xor, body.encode("latin-1"), 0))


_FIELDS = st.sampled_from(
    ["", "0610.5274", "S", "10649.6283", "E", "1", "08", "9960.0", "-1", "²", "1e5", "A", "013005.00"]
)
_BODIES = st.lists(_FIELDS | st.from_regex(r"\A-?[0-9]{1,6}(\.[0-9]{1,3})?\Z"), max_size=16).map(
    lambda fields: ",".join(["GNGGA" if len(fields) % 2 else "GPRMC", *fields])
)
_FRAMES = st.one_of(
    st.binary(min_size=6, max_size=6).map(_sds011),
    st.binary(min_size=6, max_size=6).map(_mhz19b),
    st.binary(min_size=26, max_size=26).map(_pmsx003),
    _BODIES.map(_nmea),
    st.binary(max_size=12),
)


SURFACE = Surface(
    "drivers",
    read,
    (),
    judge,
    seeds,
    st.lists(_FRAMES, max_size=8).map(b"".join),
    (b"\xaa\xc0", b"\xab", b"BM\0\x1c", b"\xff\x86", b"$GPRMC,", b"$GNGGA,", b"*", b"\r\n", b",A,", b",V,", b",,,,"),
    heavy,
    longest=1024,
    share=0.5,
)
