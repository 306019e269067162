"""A capture that runs in a thread of its own, and what it leaves in the mailbox."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from edge_agent.vision.capture import Capture
from edge_agent.vision.mailbox import Event, Mailbox, State
from edge_agent.vision.settings import Settings
from service.backoff import Backoff

PATIENCE = 20.0
"""Seconds that no test here waits unless something hangs."""


@contextmanager
def capturing(url: str, **change: Any) -> Iterator[Mailbox]:
    """Run a capture in a thread of its own, which tries again at once."""
    said = {"url": url, "fps": 0, "open_timeout": 2.0, "read_timeout": 0.5} | change
    mailbox = Mailbox()
    backoff = Backoff(pick=lambda low, high: 0.01)
    thread = threading.Thread(target=Capture(Settings.from_dict(said), mailbox, backoff).run)
    thread.start()
    try:
        yield mailbox
    finally:
        mailbox.close()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def next_state(mailbox: Mailbox, state: State, patience: float = PATIENCE) -> Event:
    """Pass over everything until a state is told."""
    while (taken := mailbox.take(patience)) is not None:
        if isinstance(taken, Event) and taken.state is state:
            return taken
    raise AssertionError(f"{state} was never told")
