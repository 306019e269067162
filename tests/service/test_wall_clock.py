"""Whether the kernel's word on its clock is understood."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from typing import Any

import pytest

from service import wall_clock


class Kernel:
    """Answers adjtimex with a status and a return code of its own."""

    def __init__(self, status: int, returned: int = 0) -> None:
        self._status, self._returned = status, returned

    def adjtimex(self, timex: Any) -> int:
        assert bytes(timex[:4]) == bytes(4), "modes must be 0: asking sets nothing"
        struct.pack_into("i", timex, 40, self._status)
        return self._returned


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Callable[[Kernel], None]:
    return lambda played: monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: played)


@pytest.mark.parametrize(
    ("status", "returned", "synchronised"),
    [(0x2001, 0, True), (0x0, 0, True), (0x40, 5, False), (0x2041, 5, False), (0x2001, -1, False)],
)
def test_the_kernel_is_believed(
    kernel: Callable[[Kernel], None], status: int, returned: int, synchronised: bool
) -> None:
    kernel(Kernel(status, returned))
    assert wall_clock.is_synchronised() is synchronised


def test_this_computers_kernel_answers_as_its_own_tools_say() -> None:
    """Whatever it is here: the call works, sets nothing and agrees with itself."""
    assert wall_clock.is_synchronised() in (True, False)
    assert wall_clock.is_synchronised() is wall_clock.is_synchronised()
