"""Whether the wall clock of this computer can be believed."""

from __future__ import annotations

import ctypes
import logging
import os
import struct

_LOG = logging.getLogger(__name__)

FLOOR_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z, before this software was written."""

_UNSYNCHRONISED = 0x40
"""STA_UNSYNC of adjtimex(2)."""

_TIMEX_BYTES, _STATUS_AT = 256, 40
"""Room for a struct timex, of 208 bytes on 64-bit Linux, and where its status lies."""


def is_set(milliseconds: int) -> bool:
    """Tell whether milliseconds since 1970 can be the present.

    A board without a battery starts in 1970, or where it was switched off.
    """
    return milliseconds >= FLOOR_MS


def is_synchronised() -> bool:
    """Tell whether the kernel says that NTP or the like keeps its clock; False where it may not be asked."""
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    if ctypes.CDLL(None, use_errno=True).adjtimex(timex) < 0:
        _LOG.debug("adjtimex: %s", os.strerror(ctypes.get_errno()))
        return False
    (status,) = struct.unpack_from("i", timex, _STATUS_AT)
    return not status & _UNSYNCHRONISED
