"""What each batch's row says beside its document: enough to go on from the newest row, and to tell what a loss leaves.

That is every sensor's next sequence number, what the row's own loss would leave missing, which batches are gone, and
how much there is. Compressed, since most of it are names; zlib's check tells damage.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from edge_agent.delivery.gaps import Cause, Gap
from edge_agent.delivery.runs import Run


@dataclass(frozen=True, slots=True)
class Held:
    """What the spool holds for the hub, and how many readings wait for a date."""

    batches: int = 0
    readings: int = 0
    bytes: int = 0
    undated: int = 0

    def plus(self, sign: int, lines: int, size: int) -> Held:
        """Return this with one batch more (sign 1) or less (sign -1)."""
        return replace(
            self, batches=self.batches + sign, readings=self.readings + sign * lines, bytes=self.bytes + sign * size
        )


NOTHING = Held()

RUNS = 8
"""Thinned batches stay between others that are gone; naming all of these would make each row long."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a row says; all of it as of its commit."""

    number: int = 0
    """The batch's, so that a damaged key is noticed."""
    next_seq: Mapping[str, int] = field(default_factory=dict)
    took: Mapping[str, int] = field(default_factory=dict)
    """How many of each sensor's numbers were taken since the row before, where any were."""
    own: tuple[Gap, ...] = ()
    """The gaps that the loss of this batch's own numbers would leave."""
    told: tuple[Gap, ...] = ()
    """The gaps that this batch tells."""
    gone: tuple[Run, ...] = ()
    """The newest runs of batches that are gone, at most RUNS."""
    held: Held = NOTHING
    dated: int = 0
    """The last undated reading that was given a date."""
    told_times: int = 0
    """How often losses that had been written down were told."""

    @property
    def known_from(self) -> int:
        """The first number from which `gone` is all that is gone."""
        return self.gone[0][0] if len(self.gone) == RUNS else 1

    def lost(self, cause: Cause) -> list[Gap]:
        """Return the gaps that the loss of this batch leaves."""
        return [*(replace(gap, cause=cause) for gap in self.own), *self.told]

    def before(self, sensor: str) -> int:
        """Return a sensor's next number as of the row before."""
        return self.next_seq.get(sensor, 0) - self.took.get(sensor, 0)

    def encode(self) -> bytes:
        """Return the bytes to keep; most rows' own numbers are those that they took, and are not said again."""
        said = {
            "number": (self.number, self.dated, self.told_times),
            "next": {s: [n, self.took[s]] if s in self.took else n for s, n in self.next_seq.items()},
            "own": None if set(self.own) == set(self._taken()) else [gap.row() for gap in self.own],
            "told": [gap.row() for gap in self.told],
            "gone": self.gone[-RUNS:],
            "held": (self.held.batches, self.held.readings, self.held.bytes),
        }
        return zlib.compress(json.dumps(said, separators=(",", ":")).encode(), 9)

    def _taken(self) -> Iterable[Gap]:
        """Yield what was taken, as the gaps that its loss would leave."""
        for sensor, count in self.took.items():
            following = self.next_seq[sensor]
            yield Gap(sensor, Cause.DAMAGED, following - count, following - 1, count)

    @staticmethod
    def decode(kept: bytes) -> Facts | None:
        """Return the facts in some bytes, None if they are damaged."""
        try:
            said = json.loads(zlib.decompress(kept))
            number, dated, last_told = map(int, said["number"])
            pairs = {s: n if isinstance(n, list) else [n, 0] for s, n in said["next"].items()}
            facts = Facts(
                number,
                next_seq={s: int(n) for s, (n, _) in pairs.items()},
                took={s: int(count) for s, (_, count) in pairs.items() if count},
                told=tuple(map(Gap.of_row, said["told"])),
                gone=tuple((int(first), int(last)) for first, last in said["gone"]),
                held=Held(*said["held"]),
                dated=dated,
                told_times=last_told,
            )
            own = facts._taken() if said["own"] is None else map(Gap.of_row, said["own"])
            return replace(facts, own=tuple(own))
        except (zlib.error, ValueError, TypeError, KeyError, AttributeError):
            return None


def lost(kept: bytes, cause: Cause) -> list[Gap]:
    """Return the gaps that the loss of a row leaves, given its facts; none if these are damaged too."""
    facts = Facts.decode(kept)
    return facts.lost(cause) if facts is not None else []
