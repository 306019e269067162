"""A whole file through the chain, as fast as it goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from edge_agent.vision.interval import SECOND
from edge_agent.vision.pace import Pace
from edge_agent.vision.settings import Settings
from edge_agent.vision.stream import AvStream
from edge_agent.vision.watcher import Seen, Watcher


@dataclass(frozen=True, slots=True)
class Look:
    """One analysed picture of a file."""

    time: float
    """Seconds of the file."""
    share: float
    """How much of the file is done, 0 to 1; 0 where its length is unknown."""
    seen: Seen
    watcher: Watcher


def looks(settings: Settings) -> Iterator[Look]:
    """Analyse a file picture by picture; raises StreamLost."""
    watcher, pace = Watcher(settings.lines, settings.mask), Pace(settings.fps)
    with closing(AvStream(settings)) as stream:
        for shot in stream.shots():
            if shot.luma is None or shot.time is None or not pace.due(shot.time):
                continue
            share = shot.time / stream.seconds if stream.seconds else 0.0
            yield Look(shot.time, min(share, 1.0), watcher.see(shot.luma, round(shot.time * SECOND)), watcher)
