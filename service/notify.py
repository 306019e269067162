"""Tells systemd that the service is ready, alive or stopping (sd_notify(3)); does nothing without systemd."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping


class Notifier:
    """The notification socket that systemd names in the environment."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Take the socket's address; an abstract one starts with `@`."""
        named = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + named[1:] if named.startswith("@") else named

    def ready(self, status: str) -> None:
        """Say that start-up is over."""
        self._send("READY=1", status)

    def alive(self, status: str) -> None:
        """Feed the watchdog; callers do so only after real progress."""
        self._send("WATCHDOG=1", status)

    def stopping(self) -> None:
        """Say that the service winds down."""
        self._send("STOPPING=1")

    def _send(self, said: str, status: str = "") -> None:
        """Send, with the status on one line; a service manager that does not listen neither ends nor stops us."""
        if not self._address:
            return
        message = f"{said}\nSTATUS={' '.join(status.split())}" if status else said
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock,
        ):
            sock.sendto(message.encode(), socket.MSG_DONTWAIT, self._address)
