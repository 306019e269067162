"""Scanners lose no frame that is whole, blame each fault once, and stay small."""

from __future__ import annotations

from random import Random

import pytest

from drivers.parts.checksum import sum8
from drivers.parts.framing import FrameScanner, LineScanner

SIZE = 6


def verify(frame: bytes) -> str | None:
    return None if frame[-1] == sum8(frame[2:-1]) else "checksum"


def made(*values: int) -> bytes:
    return b"\x42\x4d" + bytes(values) + bytes([sum8(bytes(values))])


def scanner() -> FrameScanner:
    return FrameScanner({b"\x42\x4d": SIZE}, verify)


A, B = made(1, 2, 3), made(9, 8, 7)


def test_rubbish_around_frames_costs_no_frame() -> None:
    scan = scanner()
    assert list(scan.feed(b"\x00\x42" + A + b"\x42\x42" + B + b"\x99")) == [A, B]
    assert dict(scan.rejected) == {"noise": 3}


def test_a_header_split_over_two_reads_is_found() -> None:
    scan = scanner()
    assert list(scan.feed(b"\x07" + A[:1])) == []
    assert scan.held == 1
    assert list(scan.feed(A[1:])) == [A]


@pytest.mark.parametrize("kept", range(2, SIZE))
def test_a_cut_frame_is_blamed_once_and_the_next_is_found(kept: int) -> None:
    scan = scanner()
    assert list(scan.feed(A[:kept] + B)) == [B]
    assert dict(scan.rejected) == {"checksum": 1}


def test_the_search_goes_on_one_byte_after_a_false_header() -> None:
    scan = scanner()
    assert list(scan.feed(b"\x42\x4d\x42\x4d" + A)) == [A]
    assert dict(scan.rejected) == {"checksum": 2}


def test_noise_is_counted_per_frame_length_however_it_comes() -> None:
    noise = Random(1).randbytes(10 * SIZE).replace(b"\x42", b"\x43")
    for step in (1, 7, len(noise)):
        scan = scanner()
        for at in range(0, len(noise), step):
            assert list(scan.feed(noise[at : at + step])) == []
        assert dict(scan.rejected) == {"noise": 10}


def test_forgetting_drops_and_counts_only_what_was_begun() -> None:
    scan = scanner()
    scan.forget()
    assert not scan.rejected
    list(scan.feed(A[:4]))
    scan.forget()
    assert list(scan.feed(A[4:] + B)) == [B]
    assert scan.rejected["length"] == 1


def test_lines_end_at_either_mark_and_empty_ones_vanish() -> None:
    scan = LineScanner(16)
    assert list(scan.feed(b"one\r\ntwo\n\r\n  \nthree\rfour")) == [b"one", b"two", b"three"]
    assert list(scan.feed(b"\n")) == [b"four"]


def test_a_line_without_end_comes_in_pieces_and_never_grows() -> None:
    scan = LineScanner(16)
    assert list(scan.feed(b"x" * 40)) == [b"x" * 16, b"x" * 16]
    assert scan.held == 8 <= scan.bound
