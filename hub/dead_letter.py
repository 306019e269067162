"""Lines that no store would take, kept with their reason in a bounded file that people can read."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

_LOG = logging.getLogger(__name__)
_LONGEST_TEXT = 2_000


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
        lines = []
        for letter in letters:
            self.counted[letter.why.split(":")[0][:80]] += 1
            lines.append(json.dumps(asdict(letter) | {"text": letter.text[:_LONGEST_TEXT]}) + "\n")
        if not lines:
            return
        try:
            self._make_room()
            with self._path.open("a", encoding="utf-8") as file:
                file.writelines(lines)
        except OSError as error:
            if not self._complained:
                _LOG.error("dead letters cannot be kept in %s: %s; they are only counted", self._path, error)
            self._complained = True

    def _make_room(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists() and self._path.stat().st_size > self._half:
            self._path.replace(self._path.with_name(self._path.name + ".1"))
