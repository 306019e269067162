"""The oracle: compares what the sensors said with what was found, and knows nothing of the product's counters."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable

from tests.faults.found import Found, Row
from tests.faults.result import Counts, Result
from tests.faults.station import Emitted, Ledger

Named = tuple[str, int]

MARGIN_SECONDS = 0.25
"""What a reading needs beside the commit's second: the way through the port, and the commit itself."""

_TIME_TOLERANCE_NS = 10 * 10**9
"""A reading is dated when its bytes are read, which a busy machine delays; the worst is noted."""

_AVERAGED = 512
"""The quality bit of a mean that stands for readings which made room; it names no reading."""

ShiftNs = Callable[[Emitted], Iterable[int]]
"""Returns by how many nanoseconds a reading's time may differ from its true time, because the clock was set so."""


def no_shift(_: Emitted) -> Iterable[int]:
    """Return that clocks are right."""
    return (0,)


def judge(result: Result, ledger: Ledger, found: Found, *, shift: ShiftNs = no_shift, before: float = 1.0) -> None:
    """Fill in the counts and note every invariant that is violated; `before` seconds may be lost at each death."""
    said = {(e.sensor, e.number): e for e in ledger.emitted}
    listened = {name for name, e in said.items() if e.listened}
    false = list(_false(found, said, shift))
    result.notes.append(f"worst time {_worst_time(found, said, shift):.2f} s off")
    stored = Counter((row.sensor, row.number) for row in found.stored if not row.quality & _AVERAGED)
    spooled = {(row.sensor, row.number) for row in found.spooled} - stored.keys()
    dead = {(row.sensor, row.number) for row in found.dead} - stored.keys() - spooled
    missing = listened - stored.keys() - spooled - dead
    dropped = _told(missing, found)
    missing -= dropped
    early = {name for name in missing if _died_soon_after(said[name], ledger.deaths, before)}
    result.counts = Counts(
        emitted=len(listened | (stored.keys() & said.keys())),
        stored=len(stored.keys() & said.keys()),
        spooled=len(spooled & said.keys()) + found.undated,
        dropped=len(dropped),
        dead=len(dead & said.keys()),
        before_commit=len(early),
        after_commit=max(len(missing - early) - found.undated, _holes_untold(found)),
        duplicates=sum(stored.values()) - len(stored),
        false=len(false),
    )
    result.demand(not false, f"I3 {len(false)} rows are false, like {_shown(false[:3], said)}")
    _demand_invariants(result, found)
    _demand_small_deaths(result, ledger, early, before)


def _told(missing: set[Named], found: Found) -> set[Named]:
    """Return which of the missing readings gaps account for: of each sensor the oldest, as many as are told."""
    told = Counter[str]()
    for gap in found.gaps:
        if gap.cause != "refused":
            told[gap.sensor] += gap.count
    out: set[Named] = set()
    for sensor, count in told.items():
        out |= set(sorted(name for name in missing if name[0] == sensor)[:count])
    return out


def _died_soon_after(emitted: Emitted, deaths: list[float], before: float) -> bool:
    """Tell whether the listener died before a commit was due."""
    at = bisect_left(deaths, emitted.at)
    return at < len(deaths) and deaths[at] - emitted.at <= before + MARGIN_SECONDS


def _holes_untold(found: Found) -> int:
    """Return how many sequence numbers are neither in a row nor told by a gap."""
    return sum(max(0, holes - told) for holes, told in _holes(found).values())


def _holes(found: Found) -> dict[str, tuple[int, int]]:
    """Return by sensor how many sequence numbers are missing, and how many gaps tell."""
    told = Counter[str]()
    for gap in found.gaps:
        told[gap.sensor] += gap.count
    return {s: (max(seqs) + 1 - len(seqs), told[s]) for s, seqs in found.seqs.items()} if found.has_seqs else {}


def _false(found: Found, said: dict[Named, Emitted], shift: ShiftNs) -> Iterable[Row]:
    """Yield rows that nobody said, or not then."""
    for row in found.stored:
        emitted = said.get((row.sensor, row.number))
        if row.quality & _AVERAGED:
            continue
        if emitted is None or not _is_then(row, emitted, shift):
            yield row


def _shown(false: list[Row], said: dict[Named, Emitted]) -> str:
    """Return what is wrong with some rows."""
    true = [(row, said.get((row.sensor, row.number))) for row in false]
    return ", ".join(
        f"{row.sensor} {row.number} " + (f"{(row.time - e.wall_ns) / 1e9:+.2f} s off" if e else "never said")
        for row, e in true
    )


def _is_then(row: Row, emitted: Emitted, shift: ShiftNs) -> bool:
    return _off(row, emitted, shift) <= _TIME_TOLERANCE_NS


def _off(row: Row, emitted: Emitted, shift: ShiftNs) -> int:
    """Return by how many nanoseconds a row's time is off."""
    return min(abs(row.time - emitted.wall_ns - by) for by in shift(emitted))


def _worst_time(found: Found, said: dict[Named, Emitted], shift: ShiftNs) -> float:
    """Return by how many seconds the worst row is off its true time."""
    known = ((row, said[row.sensor, row.number]) for row in found.stored if (row.sensor, row.number) in said)
    return max((_off(row, emitted, shift) for row, emitted in known), default=0) / 1e9


def _demand_invariants(result: Result, found: Found) -> None:
    counts = result.counts
    result.demand(counts.emitted > 0, "I0 nothing was emitted, so nothing was proved")
    result.demand(counts.after_commit == 0, f"I1 {counts.after_commit} committed readings are lost")
    result.demand(counts.duplicates == 0, f"I4 {counts.duplicates} rows are doubled")
    result.demand(found.clashes == 0, f"I4 {found.clashes} sequence numbers are used twice")
    result.demand(counts.add_up(), f"the equation does not add up: {counts}")
    for sensor, (holes, told) in _holes(found).items():
        result.demand(holes >= told, f"I5 {sensor}: gaps tell {told}, {holes} are missing")


def _demand_small_deaths(result: Result, ledger: Ledger, early: set[Named], before: float) -> None:
    """Demand that no death cost more than the time that it may."""
    worst = _worst_death(ledger, early)
    result.demand(worst <= _rate(ledger) * (before + MARGIN_SECONDS), f"I2 a death cost {worst} readings")
    if early:
        result.notes.append(f"at most {worst} readings lost by one death")


def _rate(ledger: Ledger) -> float:
    """Return readings a second while they were said."""
    if len(ledger.emitted) < 2:
        return 0.0
    gaps = sorted(b.at - a.at for a, b in zip(ledger.emitted, ledger.emitted[1:], strict=False))
    return 1 / max(gaps[len(gaps) // 2], 1e-6)


def _worst_death(ledger: Ledger, early: set[Named]) -> int:
    """Return the most readings that one death cost."""
    cost = Counter[int]()
    for emitted in ledger.emitted:
        if (emitted.sensor, emitted.number) in early:
            cost[bisect_left(ledger.deaths, emitted.at)] += 1
    return max(cost.values(), default=0)
