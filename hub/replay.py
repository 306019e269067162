"""Gives dead letters another chance: what the schema and the registry take by now is written to the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from hub.dead_letter import DeadLetter
from hub.registry import Registry
from hub.settling import settle
from hub.stores.store import Store
from telemetry.check import TimeWindow, reason
from telemetry.errors import BadTopic
from telemetry.schema import SENSORS
from telemetry.topic import parse

_AT_ONCE = 1_000


@dataclass(slots=True)
class Chances:
    """The lines that may be stored by now, each once, and how many may not, by cause."""

    lines: list[bytes] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)


def chances(letters: Iterable[DeadLetter], registry: Registry, window: TimeWindow) -> Chances:
    """Judge dead letters as the inlet would judge them now; a whole message is no line, and comes again by itself."""
    found = Chances()
    lines: dict[bytes, None] = {}
    for letter in letters:
        line = letter.text.encode() + b"\n"
        why = _refusal(letter, line, registry, window)
        if why is None:
            lines[line] = None
        else:
            found.refused[why] += 1
    found.lines = list(lines)
    return found


def _refusal(letter: DeadLetter, line: bytes, registry: Registry, window: TimeWindow) -> str | None:
    if not letter.line:
        return "a whole message, which its agent sends again"
    try:
        place, _ = parse(letter.topic)
    except BadTopic:
        return "its topic is damaged"
    if not registry.knows(place):
        return f"agent not registered: {place.site}/{place.agent}"
    why = reason(place, line, window)
    if why is not None:
        return why
    (sensor,) = SENSORS.findall(line)
    strange = registry.strangers(place, [sensor.decode()])
    return f"sensor not registered: {place.agent} {sensor.decode()}" if strange else None


async def replay(store: Store, lines: Sequence[bytes], progress: Callable[[int], None]) -> Counter[str]:
    """Write lines and return how many the store refuses, by cause; raises TryAgain or Hold."""
    refused: Counter[str] = Counter()
    for first in range(0, len(lines), _AT_ONCE):
        some = lines[first : first + _AT_ONCE]
        refused.update((await settle(store.write, some)).values())
        progress(len(some))
    return refused
