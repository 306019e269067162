"""What a fuzzer found: failures, one for each place in the code, and the inputs that took longest."""

from __future__ import annotations

import hashlib
import heapq
import json
import traceback
from collections.abc import Mapping
from pathlib import Path

CRASHES, SLOW, REPORT = "crashes", "slow", "report.json"
_ROOT = str(Path(__file__).parents[2])
_SLOWEST = 20


class Findings:
    """Kept in a folder, for the process may end at any input."""

    def __init__(self, folder: Path) -> None:
        """Make the folders."""
        self._folder = folder
        self._failures: dict[str, int] = {}
        self._slowest: list[tuple[float, bytes]] = []
        self.executions = 0
        for name in (CRASHES, SLOW):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def failed(self, data: bytes, error: BaseException) -> None:
        """Keep the smallest input that fails at one place, and what was said there."""
        place = _place(error)
        name = hashlib.sha256(place.encode()).hexdigest()[:12]
        if len(data) >= self._failures.get(name, len(data) + 1):
            return
        self._failures[name] = len(data)
        (self._folder / CRASHES / name).write_bytes(data)
        words = "".join(traceback.format_exception(error))
        (self._folder / CRASHES / f"{name}.txt").write_text(f"{place}\n\n{words}", encoding="utf-8", errors="replace")

    def took(self, data: bytes, pace: float) -> None:
        """Keep an input if it is one of the slowest for its size."""
        if len(self._slowest) == _SLOWEST and pace <= self._slowest[0][0]:
            return
        if any(data == kept for _, kept in self._slowest):
            return
        if len(self._slowest) == _SLOWEST:
            heapq.heapreplace(self._slowest, (pace, data))
        else:
            heapq.heappush(self._slowest, (pace, data))

    def write(self, figures: Mapping[str, float]) -> None:
        """Write the report and the slowest inputs."""
        for index, (_, data) in enumerate(sorted(self._slowest, reverse=True)):
            (self._folder / SLOW / f"{index:02}").write_bytes(data)
        said = {"executions": self.executions, "failures": len(self._failures), **figures}
        new = self._folder / f"{REPORT}.new"
        new.write_text(json.dumps(said))
        new.replace(self._folder / REPORT)


def _place(error: BaseException) -> str:
    """Return what was raised and the last line of ours that it came through."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(_ROOT)]
    ours = [frame for frame in frames if "/.venv/" not in frame.filename]
    where = f"{ours[-1].filename}:{ours[-1].lineno}" if ours else "outside"
    return f"{type(error).__name__} at {where.removeprefix(_ROOT)}"
