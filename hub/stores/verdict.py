"""What an InfluxDB-like server's HTTP answer to a write means for the lines."""

from __future__ import annotations

import contextlib

from hub.errors import BadLines, Hold, LimitReached, TooLarge, TooSlow, TryAgain

_SHOWN = 300
_LIMITS = ("limit exceeded", "would exceed")
"""InfluxDB 1 says `max-values-per-tag limit exceeded`, InfluxDB 3 `Update to schema would exceed number of columns`."""

_PASSING = "is pending deletion"
"""What InfluxDB 1 and 2 say of a shard that is about to go."""

_OF_LINES = (
    "partial write", "unable to parse", "field type conflict", "line protocol pars", "invalid column type",
    "parsing failed for write_lp", "parsing for line protocol",
)  # fmt: skip
"""What the servers say of lines; they and whatever stands before them answer 400 to much else."""

_ADDRESS = "check the store's address and kind in the hub's settings"


def judge(status: int, text: str, retry_after: str | None, *, server: str) -> None:
    """Return for a yes; raise what the hub must do otherwise."""
    said = f"{server} answers {status}: {text.strip()[:_SHOWN] or 'without a reason'}"
    match status:
        case 204:
            return
        case _ if 200 <= status < 300:
            raise Hold(f"{said}; a store says 204 to what it has: {_ADDRESS}")
        case 400 | 422:
            raise _refusal(text, said)
        case 401 | 403:
            raise Hold(f"{said}; check user name, password or token in the hub's settings, and its right to write")
        case 404:
            raise Hold(f"{said}; the database or bucket is missing and the hub may not create it: create it by hand")
        case 413:
            raise TooLarge(said)
        case 504:
            raise TooSlow(said, _seconds(retry_after))
        case 429:
            raise TryAgain(said, _seconds(retry_after))
        case _ if status >= 500:
            raise TryAgain(f"{said}; a store whose disk was full needs a restart", _seconds(retry_after))
        case _:
            raise Hold(f"{said}; {_ADDRESS}")


def _refusal(text: str, said: str) -> BadLines | Hold | TryAgain:
    """Return what a 400 or 422 means, of which a wrong address has many."""
    if any(limit in text for limit in _LIMITS):
        return LimitReached(f"{said}; raise the limit in the store's settings, or look for names that should not be")
    if _PASSING in text:
        return TryAgain(said)
    if any(sign in text for sign in _OF_LINES):
        return BadLines(text.strip()[:_SHOWN])
    return Hold(f"{said}; that is not about the lines: {_ADDRESS}")


def _seconds(retry_after: str | None) -> float | None:
    with contextlib.suppress(TypeError, ValueError):
        return max(0.0, float(retry_after or "none"))
    return None
