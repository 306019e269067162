"""Scanners: they cut frames out of a stream of bytes, whatever the cable did to it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from math import ceil

_LINE_END = re.compile(rb"[\r\n]")


class Scanner(ABC):
    """Finds frames and counts by cause what it gave up; `bound` is the most bytes that it keeps between two calls."""

    def __init__(self, bound: int) -> None:
        """Start with nothing heard."""
        self.bound = bound
        self.rejected: Counter[str] = Counter()
        self._buffer = bytearray()

    @property
    def held(self) -> int:
        """How many bytes wait for the rest of their frame."""
        return len(self._buffer)

    @abstractmethod
    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the frames that the bytes complete."""

    def forget(self) -> None:
        """Drop a half-received frame and count it."""
        if self._buffer:
            self.rejected["length"] += 1
            self._buffer.clear()


class FrameScanner(Scanner):
    """Cuts frames whose length follows from their header, and keeps less than the longest one.

    `verify` tells the cause why a candidate is no frame, None if it is one. After a failure the search goes on one
    byte later, not after the claimed length, so that a frame that lost bytes does not swallow the next one. Bytes
    outside of any candidate are "noise", counted once per longest frame begun since the last sound one.
    """

    def __init__(self, lengths: Mapping[bytes, int], verify: Callable[[bytes], str | None]) -> None:
        """Take the whole length of the frames behind each header, and the check of a candidate.

        No header may be the beginning of another.
        """
        self._longest = max(lengths.values())
        super().__init__(bound=self._longest - 1)
        self._lengths = lengths
        self._verify = verify
        self._noise = 0
        self._blamed = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the sound frames that the bytes complete."""
        self._buffer += data
        while (length := self._at_header()) and len(self._buffer) >= length:
            frame = bytes(self._buffer[:length])
            cause = self._verify(frame)
            if cause is None:
                del self._buffer[:length]
                self._noise = self._blamed = 0
                yield frame
            else:
                self.rejected[cause] += 1
                self._blamed = length
                self._discard(1)

    def _at_header(self) -> int:
        """Bring the next header, or what may become one, to the front; return the length of its frame, 0 if unknown."""
        found = [(start, n) for header, n in self._lengths.items() if (start := self._buffer.find(header)) >= 0]
        start, length = min(found, default=(len(self._buffer) - self._begun(), 0))
        self._discard(start)
        return length

    def _begun(self) -> int:
        """Return how many bytes at the end may be the beginning of a header."""
        beginnings = (header[:size] for header in self._lengths for size in range(1, len(header)))
        return max((len(begun) for begun in beginnings if self._buffer.endswith(begun)), default=0)

    def _discard(self, size: int) -> None:
        """Drop bytes from the front; those of a candidate that failed were counted by its cause, the rest is noise."""
        del self._buffer[:size]
        counted = ceil(self._noise / self._longest)
        self._noise += max(0, size - self._blamed)
        self._blamed = max(0, self._blamed - size)
        if begun := ceil(self._noise / self._longest) - counted:
            self.rejected["noise"] += begun


class LineScanner(Scanner):
    """Cuts lines at CR or LF, empty ones left out; it keeps less than `longest` bytes.

    What has no end after `longest` bytes is yielded as it is, for the driver to reject.
    """

    def __init__(self, longest: int) -> None:
        """Take the most bytes that a line may have, its end included."""
        super().__init__(bound=longest - 1)
        self._longest = longest

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the lines that the bytes complete, without surrounding white space."""
        self._buffer += data
        while size := self._next():
            line = bytes(self._buffer[:size]).strip()
            del self._buffer[:size]
            if line:
                yield line

    def _next(self) -> int:
        """Return how many bytes the next line takes with its end, 0 while it is unfinished."""
        end = _LINE_END.search(self._buffer, 0, self._longest)
        if end is not None:
            return end.end()
        return self._longest if len(self._buffer) >= self._longest else 0
