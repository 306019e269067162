"""What needs a person at the hub: said once when it begins and once when it is over."""

from __future__ import annotations

import logging

_LOG = logging.getLogger(__name__)
_STORE = "store"


class Alarm:
    """Holds the present troubles, if any, one of each kind."""

    def __init__(self) -> None:
        """Begin without trouble."""
        self._troubles: dict[str, str] = {}

    @property
    def why(self) -> str:
        """All present troubles, empty without one."""
        return "; ".join(self._troubles.values())

    def raise_for(self, why: str, *, kind: str = _STORE) -> None:
        """Note a trouble; only a new one is logged."""
        if why != self._troubles.get(kind):
            _LOG.error("ALARM: %s", why)
        self._troubles[kind] = why

    def clear(self, *, kind: str = _STORE) -> None:
        """Note that a kind of trouble is over."""
        why = self._troubles.pop(kind, "")
        if why:
            _LOG.warning("alarm is over: %s", why)
