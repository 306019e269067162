"""Holds the time of a row to the truth, as far as somebody vouched for the clock that dated it."""

from __future__ import annotations

import asyncio

from telemetry.quality import Quality
from tests.simulated.host import Host, Setting
from tests.simulated.ledger import Entry, hold
from tests.support.spooling import Row

_STAMPED_WITHIN = 30.0
"""Seconds that may lie between a stamp and the commit that uses it, on the slowest disk."""


def check_time(host: Host, entry: Entry, row: Row) -> None:
    """Raise Violation (I3) where a time is false, or called estimated though the clock was sure."""
    if row.quality & Quality.TIME_ESTIMATED:
        _check_estimated(host, entry, row)
        return
    if entry.boot == host.boot:
        allowed = [setting.offset_ms for setting in _lately(host) if _was_vouched(host, setting)]
    else:
        allowed = [setting.offset_ms for setting in host.settings if setting.vouched] or [0]
    apart = row.milliseconds - entry.true_ms
    hold("I3", any(-3 < apart - off < 1 for off in allowed), entry, "is dated", apart, "ms off; allowed", allowed)


def _lately(host: Host) -> list[Setting]:
    """Return the settings of the clock that a stamp used now may have met."""
    now = asyncio.get_running_loop().time()
    return host.settings_since(max(host.booted_at, now - _STAMPED_WITHIN))


def _was_vouched(host: Host, setting: Setting) -> bool:
    """Tell whether the clock had been vouched for in this boot by the end of a setting."""
    return any(s.vouched for s in host.settings_since(host.booted_at) if s.since <= setting.since)


def _check_estimated(host: Host, entry: Entry, row: Row) -> None:
    now = asyncio.get_running_loop().time()
    lately = _lately(host)
    if entry.boot == host.boot:
        sure = all(_was_vouched(host, setting) for setting in lately) and now > host.booted_at + _STAMPED_WITHIN
        sure = sure and host.dated_boot == host.boot
        hold("I3", not sure, entry, "is called estimated, and the clock was sure")
        return
    starts = [entry.true_ms + (host.booted_at - _taken_at(host, entry)) * 1000 + s.offset_ms for s in lately]
    hold("I3", row.milliseconds <= max(starts) + 1, entry, "of an earlier boot is dated after the start of this one")


def _taken_at(host: Host, entry: Entry) -> float:
    """Return the loop's time at which an entry was taken."""
    return host.boots[entry.boot] + entry.at / 10**9
