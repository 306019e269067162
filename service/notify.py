"""Tells systemd that the service is ready, alive or stopping (sd_notify(3)); does nothing without systemd."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


class Notifier:
    """The notification socket that systemd names in the environment."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Take the socket's address; an abstract one starts with `@`."""
        self._address = environment.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)

    def ready(self, status: str) -> None:
        """Say that start-up is over."""
        self._send(f"READY=1\nSTATUS={status}")

    def alive(self, status: str) -> None:
        """Feed the watchdog; callers do so only after real progress."""
        self._send(f"WATCHDOG=1\nSTATUS={status}")

    def stopping(self) -> None:
        """Say that the service winds down."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.sendto(message.encode(), self._address)
