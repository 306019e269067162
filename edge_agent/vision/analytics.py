"""From pictures to what is said about them: crossings at once, traffic each minute, the scene every ten seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edge_agent.vision.classes import reported
from edge_agent.vision.interval import SECOND, Intervals, Movement, Total
from edge_agent.vision.scene import Losses, Scene
from edge_agent.vision.settings import Settings
from edge_agent.vision.shrink import Image
from edge_agent.vision.watcher import Crossing, Watcher
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Measurement

SCENE_EVERY = 10 * SECOND
LONGEST_GAP = 1 * SECOND
"""Nanoseconds between two pictures beyond which the time between them was not seen."""


@dataclass(frozen=True, slots=True)
class Said:
    """A measurement and its time in monotonic nanoseconds."""

    measurement: Measurement
    at: int


class Analytics:
    """One camera's chain; all times in monotonic nanoseconds, `wall` as for Intervals."""

    def __init__(self, settings: Settings, now: int, wall: Callable[[], int]) -> None:
        movements = [
            Movement(line.name, direction, kind)
            for line in settings.lines
            for direction in line.directions
            for kind in reported(line)
        ]
        self._watcher = Watcher(settings.lines, settings.mask)
        self._intervals = Intervals(movements, settings.interval, wall)
        self._scene = Scene(now)
        self._frame: int | None = None
        self._measurable = False
        self._scene_due = now + SCENE_EVERY

    def picture(self, luma: Image, at: int, losses: Losses) -> list[Said]:
        """Look at the picture of a time."""
        seen = self._watcher.see(luma, at)
        self._scene.see(seen.small, seen.allowed, at)
        said = [*self._passed(at), *self._scene_said(at, losses)]
        self._frame = at
        said.extend(self._crossed(crossing, at) for crossing in seen.crossings)
        return said

    def reopened(self) -> None:
        """Forget street and tracks: what comes now may be another view, or another time."""
        self._watcher.reset()

    def silence(self, now: int, losses: Losses) -> list[Said]:
        """Let time pass without a picture; intervals wait a little for the one that may be under way."""
        return [*_traffic(self._intervals.advance(now - LONGEST_GAP)), *self._scene_said(now, losses)]

    def finish(self, now: int) -> list[Said]:
        """End the open interval."""
        return [*_traffic(self._intervals.finish(now))]

    def _passed(self, at: int) -> Iterable[Said]:
        """Account for the time since the last picture: seen, if the scene was measurable and the gap short."""
        seen = self._frame is not None and at - self._frame <= LONGEST_GAP
        if self._frame is None or not seen or not self._measurable:
            return _traffic(self._intervals.advance(at))
        return _traffic(self._intervals.saw(self._frame, at))

    def _scene_said(self, now: int, losses: Losses) -> Iterable[Said]:
        """Report every ten seconds, and at once when the scene has become measurable or ceased to be."""
        measurable = self._scene.measurable(now)
        turned, self._measurable = measurable != self._measurable, measurable
        if turned and measurable and self._frame is not None:
            self._watcher.reset()
        if not turned and now < self._scene_due:
            return
        self._scene_due = now + SCENE_EVERY
        yield Said(self._scene.report(now, losses), now)

    def _crossed(self, crossing: Crossing, at: int) -> Said:
        """Say that something crossed; what a poor scene shows is said as doubtful and left out of the totals."""
        quality = Quality.GOOD if self._measurable else Quality.SCENE_DEGRADED
        if self._measurable:
            self._intervals.count(Movement(crossing.line, crossing.direction, crossing.kind))
        labels = {"line": crossing.line, "direction": crossing.direction, "class": crossing.kind}
        values = {"count": 1, "visible": round(crossing.visible, 3)}
        return Said(Measurement(Family.CROSSING, values, labels, quality), at)


def _traffic(totals: Iterable[Total]) -> Iterable[Said]:
    for total in totals:
        quality = Quality.GOOD if total.whole else Quality.PARTIAL
        for movement, count in total.counts.items():
            labels = {"line": movement.line, "direction": movement.direction, "class": movement.kind}
            values = {"count": count, "observed": round(total.observed, 3)}
            yield Said(Measurement(Family.TRAFFIC, values, labels, quality), total.middle)
