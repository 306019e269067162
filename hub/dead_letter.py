"""Lines that no store would take, kept with their reason in a bounded file that people can read."""

from __future__ import annotations

import contextlib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

_LOG = logging.getLogger(__name__)
_LONGEST_TEXT = 2_000
_LONGEST_CAUSE = 80
_MOST_CAUSES = 100
_OTHER = "other"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One line: from whom, in which batch and place, why, and the line itself."""

    at: str
    topic: str
    epoch: str
    batch: int
    line: int
    why: str
    text: str

    @property
    def cause(self) -> str:
        """The reason without most of what it quotes."""
        return self.why.split(":")[0][:_LONGEST_CAUSE]


def read(path: Path) -> Iterator[DeadLetter]:
    """Yield the letters of both files, oldest first; what is damaged is passed over."""
    for line in _lines(path):
        with contextlib.suppress(ValueError, TypeError, AttributeError):
            yield _letter(json.loads(line))


def _lines(path: Path) -> Iterator[bytes]:
    for file in (_older(path), path):
        if file.exists():
            with file.open("rb") as lines:
                yield from lines


def _letter(said: dict[str, Any]) -> DeadLetter:
    """Return what a line of the file says; raises TypeError or ValueError."""
    letter = DeadLetter(**said)
    texts = (letter.at, letter.topic, letter.epoch, letter.why, letter.text)
    if not all(isinstance(text, str) for text in texts) or not isinstance(letter.line, int):
        raise TypeError("not a letter")
    return letter


def _older(path: Path) -> Path:
    return path.with_name(path.name + ".1")


class DeadLetterFile:
    """Two files take turns: when the newer is full it replaces the older, so half the limit is always kept."""

    def __init__(self, path: Path, limit: int) -> None:
        """Append to `path`; `limit` bounds the bytes of both files together."""
        self._path = path
        self._half = limit // 2
        self._complained = False
        self.counted: Counter[str] = Counter()

    def keep(self, letters: Iterable[DeadLetter]) -> None:
        """Append letters; a disk that refuses is said once and the letters are only counted."""
        lines: list[bytes] = []
        for letter in letters:
            self._count(letter.cause)
            text = json.dumps(asdict(letter) | {"text": letter.text[:_LONGEST_TEXT]})
            lines.append(text.encode() + b"\n")
        if not lines:
            return
        try:
            self._append(lines)
        except OSError as error:
            if not self._complained:
                _LOG.error("dead letters cannot be kept in %s: %s; they are only counted", self._path, error)
            self._complained = True

    def _count(self, cause: str) -> None:
        """Count by cause; causes quote what agents say, so their number is bounded."""
        known = cause in self.counted or len(self.counted) < _MOST_CAUSES
        self.counted[cause if known else _OTHER] += 1

    def _append(self, lines: Sequence[bytes]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        kept = 0
        while kept < len(lines):
            with self._path.open("ab") as file:
                kept += self._fill(file, lines[kept:])
            if kept < len(lines):
                self._path.replace(_older(self._path))

    def _fill(self, file: BinaryIO, lines: Sequence[bytes]) -> int:
        """Write lines until the file has its half of the limit; return how many."""
        size = file.tell()
        for written, line in enumerate(lines):
            if size and size + len(line) > self._half:
                return written
            size += file.write(line)
        return len(lines)
