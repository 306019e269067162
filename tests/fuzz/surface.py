"""A surface: production code that hostile bytes reach, what it may do with them, and bytes to begin with."""

from __future__ import annotations

import contextlib
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

KIB = 1024


@dataclass(frozen=True, slots=True)
class Surface:
    """One decoder; `read` is the production code, and `judge` shares none with it."""

    name: str
    read: Callable[[bytes], Any]
    """It may raise `refusals` and nothing else."""
    refusals: tuple[type[Exception], ...]
    judge: Callable[[bytes, Any], None]
    """Fails where what was read breaks the contract."""
    seeds: Callable[[], Sequence[bytes]]
    """Sound inputs, to be changed."""
    structured: st.SearchStrategy[bytes]
    """Inputs that come further than changed bytes do."""
    words: tuple[bytes, ...] = ()
    """What a fuzzer would take long to guess."""
    heavy: Callable[[], Sequence[bytes]] = tuple
    """Inputs meant to cost time or memory."""
    longest: int = 4 * KIB
    """The most bytes that the coverage-guided fuzzer tries."""
    longest_reason: int = 2_500
    """The most characters that a refusal may have, for each reaches a log; 180 shown by repr may be 1,800."""
    share: float = 1.0
    """The part of the examples in `make test`, where one takes long."""
    size: Callable[[bytes], int] = len
    """How many bytes an input is for the production code."""

    def check(self, data: bytes) -> float:
        """Return the CPU seconds that the production code took; fails where the contract is broken."""
        refusal, said = None, None
        started = time.thread_time()
        try:
            said = self.read(data)
        except self.refusals as refused:
            refusal = refused
        taken = time.thread_time() - started
        if refusal is None:
            self.judge(data, said)
        assert len(str(refusal)) <= self.longest_reason, f"a reason of {len(str(refusal))} characters"
        return taken

    def pace(self, data: bytes) -> float:
        """Return milliseconds for each KiB, the least of three tries."""
        return min(self._seconds(data) for _ in range(3)) * 1000 / self.kibibytes(data)

    def memory(self, data: bytes) -> int:
        """Return the most bytes that Python held at once because of an input."""
        tracemalloc.start()
        try:
            self._seconds(data)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def _seconds(self, data: bytes) -> float:
        started = time.thread_time()
        with contextlib.suppress(Exception):
            self.read(data)
        return time.thread_time() - started

    def kibibytes(self, data: bytes) -> float:
        """Return the size of an input, at least 1: what a call costs at all says nothing of its bytes."""
        return max(1.0, self.size(data) / KIB)
