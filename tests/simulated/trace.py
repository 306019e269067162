"""What happened, as a hash that tells two runs apart, and as lines for whoever replays one."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable


class Trace:
    """Notes events with their virtual time."""

    def __init__(self, say: Callable[[str], None] | None = None) -> None:
        self._hash = hashlib.blake2b(digest_size=12)
        self._say = say
        self.events = 0

    def note(self, what: str, *details: object) -> None:
        line = f"{asyncio.get_running_loop().time():.6f} {what} {' '.join(map(str, details))}"
        self._hash.update(line.encode())
        self.events += 1
        if self._say is not None:
            self._say(line)

    def digest(self) -> str:
        return self._hash.hexdigest()
