"""What needs a person at the hub: said once when it begins and once when it is over."""

from __future__ import annotations

import logging

_LOG = logging.getLogger(__name__)


class Alarm:
    """Holds the present trouble, if any."""

    def __init__(self) -> None:
        """Begin without trouble."""
        self.why = ""

    def raise_for(self, why: str) -> None:
        """Note a trouble; only a new one is logged."""
        if why != self.why:
            _LOG.error("ALARM: %s", why)
        self.why = why

    def clear(self) -> None:
        """Note that it is over."""
        if self.why:
            _LOG.warning("alarm is over: %s", self.why)
        self.why = ""
