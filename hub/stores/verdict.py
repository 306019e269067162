"""What an InfluxDB-like server's HTTP answer means for the lines that were written."""

from __future__ import annotations

import contextlib

from hub.errors import BadLines, Hold, TooLarge, TryAgain

_SHOWN = 300
_LIMIT = "limit exceeded"


def judge(status: int, text: str, retry_after: str | None, *, server: str) -> None:
    """Return for a yes; raise what the hub must do otherwise."""
    said = f"{server} answers {status}: {text.strip()[:_SHOWN] or 'without a reason'}"
    match status:
        case _ if 200 <= status < 300:
            return
        case 400 | 422 if _LIMIT in text:
            raise Hold(f"{said}; raise the limit in the store's settings, or look for names that should not be there")
        case 400 | 422:
            raise BadLines(text.strip()[:_SHOWN])
        case 401 | 403:
            raise Hold(f"{said}; check user name, password or token in the hub's settings, and its right to write")
        case 404:
            raise Hold(f"{said}; the database or bucket is missing and the hub may not create it: create it by hand")
        case 413:
            raise TooLarge(said)
        case 429:
            raise TryAgain(said, _seconds(retry_after))
        case _ if status >= 500:
            raise TryAgain(said, _seconds(retry_after))
        case _:
            raise Hold(f"{said}; check the store's address in the hub's settings")


def _seconds(retry_after: str | None) -> float | None:
    with contextlib.suppress(TypeError, ValueError):
        return max(0.0, float(retry_after or "none"))
    return None
