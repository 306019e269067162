"""What goes wrong at the hub, named by what the catcher does next.

HubError
    StoreError
        TryAgain            keep the lines, wait, write them again
            TooSlow         keep the lines, wait, write fewer of them at once
        Hold                keep the lines, raise an alarm for a person, try rarely
            LimitReached    find the batches that it stands against, write the others
        BadLines            some of these lines are not acceptable: find them, write the rest
        TooLarge            write these lines in two halves
    QueryRefused            tell whoever asked
"""

from __future__ import annotations


class HubError(Exception):
    """Something that the hub expects to happen."""


class StoreError(HubError):
    """A store's answer other than yes."""


class TryAgain(StoreError):
    """The store is down, slow or busy; `after` is how many seconds it asked to be left alone."""

    def __init__(self, why: str, after: float | None = None) -> None:
        """Keep the wait that the store asked for."""
        self.after = after
        super().__init__(why)


class TooSlow(TryAgain):
    """The store took the lines and did not answer in time."""


class Hold(StoreError):
    """The store needs a person: wrong credentials, missing database, full disk; the text names the remedy."""


class LimitReached(Hold):
    """The store is full for new names: some of these lines would make one more than its settings allow."""


class BadLines(StoreError):
    """The store will never take one or more of these lines."""


class TooLarge(StoreError):
    """The store takes less at once."""


class QueryRefused(HubError):
    """A query that the store does not answer."""
