"""What one commit writes: new readings, those that waited for a date, and the gaps of what is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from edge_agent.clock import Stamp
from edge_agent.delivery import gaps, undated
from edge_agent.delivery.gaps import Cause, Gap
from edge_agent.delivery.losses import Losses
from edge_agent.delivery.shelf import Books, Shelf
from edge_agent.delivery.spool_file import Untold
from edge_agent.taken import Taken
from telemetry.quality import Quality

_UNDATED_SHARE = 10
"""One part in so many of the quota is free for readings that wait for a date, however much the batches take."""


@dataclass(frozen=True, slots=True)
class State:
    """All that a commit changes, to be given back as it was if the disk refuses."""

    books: Books
    made: int
    undated: int
    untold: Untold
    is_boot_dated: bool


class Intake:
    """Writes within the caller's transaction; `make_room` gives batches up until there is room."""

    def __init__(
        self,
        shelf: Shelf,
        losses: Losses,
        make_room: Callable[[Callable[[], bool]], list[Gap]],
        *,
        quota: int,
        boot: str,
    ) -> None:
        """Look what waits in the file for a date."""
        self._shelf = shelf
        self._losses = losses
        self._make_room_until = make_room
        self._quota = quota
        self._boot = boot
        self.look()

    def look(self) -> None:
        """Count what waits for a date, and see whether this boot has one, as the file has it."""
        self.undated = undated.waiting(self._shelf.db)
        self.is_boot_dated = undated.stamp_of(self._shelf.db, self._boot) is not None

    def has_to_date(self, stamp: Stamp) -> bool:
        """Tell whether readings or this boot wait for such a stamp."""
        return self.undated > 0 or self._dates_boot(stamp)

    def _dates_boot(self, stamp: Stamp) -> bool:
        return not self.is_boot_dated and stamp.quality is Quality.GOOD

    def state(self) -> State:
        """Return all that a commit changes."""
        return State(self._shelf.books, self._shelf.made, self.undated, self._losses.untold, self.is_boot_dated)

    def restore(self, state: State) -> None:
        """Give it back as it was."""
        self._shelf.books, self._shelf.made = state.books, state.made
        self.undated, self._losses.untold, self.is_boot_dated = state.undated, state.untold, state.is_boot_dated

    def write(self, taken: Sequence[Taken], stamp: Stamp | None, lost: Mapping[str, int]) -> int | None:
        """Write readings, and what is told of losses; return the newest batch's number, None if none was made."""
        self._losses.uncommitted(lost)
        if stamp is None:
            self._keep_undated(taken)
            return None
        return self._append(taken, stamp)

    def _keep_undated(self, taken: Sequence[Taken]) -> None:
        undated.keep(self._shelf.db, self._boot, taken)
        self.note_undated(len(taken))

    def note_undated(self, more: int) -> None:
        """Note that more readings wait for a date, and drop the oldest beyond their share of the quota."""
        self.undated += more
        free = max(self._quota // _UNDATED_SHARE, self._quota - self._shelf.books.stored.bytes)
        room = free // undated.BYTES_PER_READING
        dropped = undated.drop(self._shelf.db, self.undated - room)
        self._losses.uncommitted(dropped)
        self.undated -= dropped.total()

    def _append(self, taken: Sequence[Taken], stamp: Stamp) -> int | None:
        """Insert what waited undated, what is new, and the gaps that the quota or damage cost."""
        self._note_boot(stamp)
        dated = [(t.sensor, stamp.marked(t.measurement), stamp.milliseconds(t.at)) for t in taken]
        if self.undated:
            out = undated.stamped(self._shelf.db, self._boot, stamp)
            self.undated -= out.count
            self._shelf.books = replace(self._shelf.books, dated=max(out.last, self._shelf.books.dated))
            dated = out.dated + dated
        told = self._losses.told(self._shelf.take_seq)
        self._shelf.books = replace(self._shelf.books, told_times=self._losses.untold.told_times)
        holes = gaps.merged(told)
        holes += self._make_room(len(dated) + len(holes))
        for gap in gaps.merged(holes):
            dated.append((gap.sensor, stamp.marked(gap.measurement()), stamp.wall_ms))
        self._shelf.append(dated)
        return self._shelf.books.number if dated else None

    def _note_boot(self, stamp: Stamp) -> None:
        if self._dates_boot(stamp):
            undated.note_boot(self._shelf.db, self._boot, stamp)
            self.is_boot_dated = True

    def _make_room(self, readings: int) -> list[Gap]:
        """Give up what the quota has no room for beside so many readings; return the gaps that this leaves."""
        if self.fits(readings):
            return []
        coming = readings + len(Cause) * len(self._shelf.books.next_seq)
        return self._make_room_until(lambda: self.fits(coming))

    def fits(self, readings: int, *, share: int = 1) -> bool:
        """Tell whether so many readings, with what is there, take no more than one part in `share` of the quota."""
        return self._shelf.room_for(readings) <= self.free(share=share)

    def free(self, *, share: int = 1) -> int:
        """Return the bytes that are left of one part in `share` of the quota."""
        taken = self._shelf.books.stored.bytes + self.undated * undated.BYTES_PER_READING
        return self._quota // share - taken
