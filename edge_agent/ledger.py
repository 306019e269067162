"""What is remembered of sensors when the agent starts again: hours switched on, times woken, counts of counters."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from edge_agent.sources.source import Vitals

_LOG = logging.getLogger(__name__)
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A sensor whose life is written down."""

    vitals: Vitals
    memory: MutableMapping[str, float]


class Ledger:
    """A small file beside the spool, written whole and in one step; a damaged one is told and begun anew."""

    def __init__(self, path: Path, entries: Sequence[Entry]) -> None:
        """Take the sensors; nothing is read yet."""
        self._path = path
        self._entries = entries
        self._written = ""

    def restore(self) -> None:
        """Give each sensor what was written down of it."""
        said = self._read()
        for entry in self._entries:
            known = said.get(entry.vitals.sensor)
            if isinstance(known, dict):
                entry.vitals.awake_before += _number(known.get("awake_s"))
                entry.vitals.wakes += int(_number(known.get("wakes")))
                counts = known.get("counts")
                if isinstance(counts, dict):
                    entry.memory.update({str(key): _number(value) for key, value in counts.items()})

    def write(self) -> None:
        """Write down how each sensor is; a disk that refuses is no reason to stop measuring."""
        said = {
            entry.vitals.sensor: {
                "awake_s": round(entry.vitals.awake()),
                "wakes": entry.vitals.wakes,
                "counts": dict(entry.memory),
            }
            for entry in self._entries
        }
        text = json.dumps(said, indent=1)
        if text == self._written:
            return
        beside = self._path.with_suffix(".new")
        try:
            with beside.open("w", encoding="utf-8") as opened:
                opened.write(text)
                opened.flush()
                os.fsync(opened.fileno())
            beside.replace(self._path)
        except OSError as error:
            _LOG.warning("%s cannot be written: %s", self._path, error.strerror)
        else:
            self._written = text

    def _read(self) -> Mapping[str, Any]:
        try:
            with self._path.open("rb") as opened:
                said = json.loads(opened.read(_LARGEST))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            _LOG.warning("%s cannot be read (%s): hours and counts begin anew", self._path, error)
            return {}
        return said if isinstance(said, dict) else {}


def _number(said: object) -> float:
    """Return a number that was written down, 0 where it is none."""
    good = isinstance(said, int | float) and not isinstance(said, bool) and isfinite(said) and 0 <= said < 1e15
    return float(said) if good else 0.0  # type: ignore[arg-type]  # it is a number, as just seen
