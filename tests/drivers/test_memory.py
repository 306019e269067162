"""What a driver holds after hours of a hostile line: at most 64 KiB, whatever came."""

from __future__ import annotations

import tracemalloc
from random import Random

import pytest

from drivers.catalogue import known
from tests.support.captures import made, sound

MOST = 64 * 1024


@pytest.mark.parametrize("name", known())
def test_a_driver_stays_within_64_kib(name: str) -> None:
    random = Random(3)
    frames = [capture.data for capture in sound(name)]
    made(name).feed(frames[0])
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        driver = made(name)
        for _ in range(200):
            driver.poll()
            for frame in frames:
                driver.feed(frame)
                driver.feed(random.randbytes(200) + frame[: random.randrange(len(frame))])
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert driver.accepted + driver.rejected.total() > 200
    assert held <= MOST
