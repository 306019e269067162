"""What was heard and is not read yet, bounded in number and in bytes, with room kept for what is said only once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

MOST_BYTES = 64 * 1024 * 1024
KEPT_NUMBER, KEPT_BYTES = 4, 2
"""How many times the number and the bytes there may be for the sake of messages that are kept."""


class Heard(Protocol):
    """A message as the MQTT library hands it over."""

    @property
    def topic(self) -> Any:
        """The topic, whose text is its `str`."""

    @property
    def payload(self) -> Any:
        """The bytes, or something without any."""


class Inbox(asyncio.Queue[Heard]):
    """A queue that refuses what does not fit, as asyncio's does; its readers see no difference."""

    def __init__(self, maxsize: int, *, is_kept: Callable[[str], bool]) -> None:
        """Hold so many messages of MOST_BYTES together; those whose topic is kept find room when the others do not."""
        super().__init__()
        self._most = maxsize
        self._is_kept = is_kept
        self._bytes = 0

    def put_nowait(self, item: Heard) -> None:
        """Take a message in; raises QueueFull."""
        number, size = (KEPT_NUMBER, KEPT_BYTES) if self._is_kept(str(item.topic)) else (1, 1)
        if self.qsize() >= number * self._most or self._bytes + _size(item) > size * MOST_BYTES:
            raise asyncio.QueueFull
        super().put_nowait(item)
        self._bytes += _size(item)

    def _get(self) -> Heard:
        """Hand out the oldest message; asyncio.Queue calls this when there is one."""
        item = super()._get()
        self._bytes -= _size(item)
        return item


def _size(item: Heard) -> int:
    return len(item.payload) if isinstance(item.payload, bytes) else 0
