"""Whatever the line does to the bytes, a driver may miss a value, never invents one, and finds its way back."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from drivers.catalogue import known, load
from drivers.driver import CAUSES, Driver
from tests.support.captures import Values, lossy, made, own, play, sound, values
from tests.support.devices import garbled

EVERY = pytest.mark.parametrize("name", known())
CHECKED = pytest.mark.parametrize("name", [name for name in known() if load(name).has_check])
UNCHECKED = pytest.mark.parametrize("name", [name for name in known() if not load(name).has_check])
SEEDS = range(8)
MEGABYTE = 1 << 20
UNNOTICED_FLIPS = 0.25
"""The share of single flipped bits that pass where a format has no check: three bits of a digit make another digit."""

UNNOTICED_LOSSES = 0.01
"""The share of frames with lost bytes that pass there."""

LOSES_DIGITS = {"ops243": 0.12}
"""A line of a variable number of digits that lost one is another number: three of its forty bytes are such digits."""

ENDLESS = {"a02yyuw"}
"""Their header is one byte, so that each byte of such rubbish begins a candidate: a megabyte takes eight seconds."""


def frames(name: str) -> list[bytes]:
    return [capture.data for capture in sound(name)]


def ledger(name: str) -> set[Values]:
    """Return all that the device ever said."""
    return {frozenset(capture.expect.items()) for capture in sound(name) if capture.expect}


def expected(name: str) -> list[dict[str, float]]:
    return [dict(capture.expect) for capture in sound(name) if capture.expect]


def invented(name: str, driver: Driver, pieces: list[bytes]) -> set[Values]:
    """Return what a driver says that the device did not."""
    heard = play(driver, pieces)
    assert set(driver.rejected) <= set(CAUSES)
    assert driver.accepted == len(heard)
    return {values(found) for found in heard} - ledger(name)


def finds_its_way_back(name: str, driver: Driver) -> bool:
    """Tell whether, of three whole rounds, the last one is heard to the last value."""
    play(driver, frames(name) * 2)
    return [dict(found.values) for found in play(driver, frames(name))] == expected(name)


@EVERY
def test_whole_frames_are_all_heard_and_hold_only_what_the_driver_claims(name: str) -> None:
    driver = made(name)
    heard = play(driver, frames(name))
    assert [dict(found.values) for found in heard] == expected(name)
    assert {(found.family, key) for found in heard for key in found.values} <= {
        (quantity.family, quantity.name) for quantity in driver.quantities
    }
    assert not driver.rejected
    assert driver.scanner.held == 0


@EVERY
def test_byte_by_byte_is_the_same(name: str) -> None:
    driver = made(name)
    heard = []
    for frame in frames(name):
        driver.poll()
        heard += [dict(found.values) for byte in frame for found in driver.feed(bytes([byte]))]
    assert heard == expected(name)
    assert not driver.rejected


@CHECKED
def test_bad_frames_between_good_ones(name: str) -> None:
    driver = made(name)
    assert not invented(name, driver, [capture.data for capture in own(name) for _ in range(2)])
    assert finds_its_way_back(name, driver)


@EVERY
@pytest.mark.parametrize("seed", SEEDS)
def test_rubbish_before_and_between(name: str, seed: int) -> None:
    random = Random(seed)
    pieces = [random.randbytes(random.randint(1, 60)) + frame for frame in frames(name) * 5]
    driver = made(name)
    assert not invented(name, driver, pieces)
    assert driver.rejected
    assert finds_its_way_back(name, driver)


@CHECKED
def test_a_line_at_another_speed_says_nothing(name: str) -> None:
    driver = made(name)
    assert not invented(name, driver, [garbled(frame) for frame in frames(name) * 20])
    assert finds_its_way_back(name, driver)


@CHECKED
def test_cut_frames(name: str) -> None:
    for first, second in product(frames(name), frames(name)[:2]):
        for cut in range(1, len(first)):
            assert not invented(name, made(name), [first[:cut], second])
            assert not invented(name, made(name), [first[cut:], second])
    driver = made(name)
    play(driver, [frame[: len(frame) // 2] for frame in frames(name)])
    assert finds_its_way_back(name, driver)


@CHECKED
def test_two_frames_merged(name: str) -> None:
    random = Random(0)
    for first, second in product(frames(name), repeat=2):
        for cut in range(1, min(len(first), len(second))):
            driver = made(name)
            play(driver, frames(name))
            rest = second[random.randrange(len(second)) :]
            assert {values(found) for found in play(driver, [first[:cut], rest, first])} <= ledger(name)


@CHECKED
def test_frames_spliced_at_the_same_place_pass_no_more_often_than_an_eight_bit_check_lets_them(name: str) -> None:
    splices = [
        [first[:cut], second[cut:]]
        for first, second in product(frames(name), repeat=2)
        for cut in range(1, min(len(first), len(second)))
    ]
    passed = sum(bool(invented(name, made(name), splice)) for splice in splices)
    assert len(splices) > 100
    assert passed <= len(splices) / 64


@CHECKED
def test_every_single_bit_flip(name: str) -> None:
    for frame in frames(name):
        for bit in range(8 * len(frame)):
            flipped = bytearray(frame)
            flipped[bit // 8] ^= 1 << bit % 8
            assert not invented(name, made(name), [bytes(flipped), frame])


@CHECKED
@pytest.mark.parametrize("share", [0.002, 0.005, 0.02, 0.1])
def test_lost_bytes(name: str, share: float) -> None:
    for seed in SEEDS:
        random = Random(seed)
        driver = made(name)
        pieces = [lossy(frame, iter(random.random, 1.0), share) for frame in frames(name) * 40]
        assert not invented(name, driver, pieces)
        assert driver.rejected
        assert finds_its_way_back(name, driver)


@UNCHECKED
def test_without_a_check_flipped_bits_of_digits_pass(name: str) -> None:
    passed = flips = 0
    for frame in frames(name):
        for bit in range(8 * len(frame)):
            flipped = bytearray(frame)
            flipped[bit // 8] ^= 1 << bit % 8
            flips += 1
            passed += bool(invented(name, made(name), [bytes(flipped), frame]))
    assert 0 < passed / flips <= UNNOTICED_FLIPS


@UNCHECKED
@pytest.mark.parametrize("share", [0.002, 0.02])
def test_without_a_check_lost_bytes_are_noticed_but_for_few(name: str, share: float) -> None:
    passed = damaged = 0
    for seed in SEEDS:
        random = Random(seed)
        driver = made(name)
        for frame in frames(name) * 100:
            piece = lossy(frame, iter(random.random, 1.0), share)
            damaged += piece != frame
            passed += not {values(found) for found in play(driver, [piece])} <= ledger(name)
        assert finds_its_way_back(name, driver)
    assert damaged > 10
    assert passed / damaged <= LOSES_DIGITS.get(name, UNNOTICED_LOSSES)


@EVERY
@pytest.mark.parametrize("pattern", ["random", "zeros", "ones", "dollars"])
def test_ten_megabytes_without_a_frame(name: str, pattern: str) -> None:
    fill = {"zeros": b"\x00", "ones": b"\xff", "dollars": b"$"}
    chunk = Random(0).randbytes(MEGABYTE) if pattern == "random" else fill[pattern] * MEGABYTE
    driver = made(name)
    for _ in range(1 if name in ENDLESS and pattern == "ones" else 10):
        assert driver.feed(chunk) == []
        assert driver.scanner.held <= driver.scanner.bound <= 1024
    assert driver.rejected.total() > 1000
    assert finds_its_way_back(name, driver)


@pytest.mark.parametrize("name", [name for name in known() if load(name).request])
def test_a_polled_driver_forgets_half_an_answer_and_counts_it(name: str) -> None:
    driver = made(name)
    first, second, *_ = frames(name)
    driver.feed(first[:-1])
    driver.poll()
    assert driver.scanner.held == 0
    assert dict(driver.rejected) == {"length": 1}
    assert [dict(found.values) for found in driver.feed(second)] == expected(name)[1:2]
