"""Production code, broken on purpose in one place each: what the simulation must catch to be believed."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from edge_agent.clock import Clock, Stamp
from edge_agent.delivery import sender
from edge_agent.delivery.committer import Committer
from edge_agent.delivery.desk import SpoolDesk
from edge_agent.delivery.lanes import Lanes
from hub import settling, writer
from hub.acks import Acks
from hub.arrivals import Arrivals
from hub.dead_letter import DeadLetterFile
from telemetry import line
from telemetry.ack import Ack
from tests.simulated import broken_agent, broken_hub, broken_spool

Making = Callable[[Any], Any]
"""Makes the broken function from the sound one."""


@dataclass(frozen=True)
class Variant:
    """One way to be wrong: what is replaced, and by what."""

    name: str
    owner: Any
    attribute: str
    broken: Making

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Break production code while the block runs."""
        sound = vars(self.owner)[self.attribute]
        setattr(self.owner, self.attribute, self.broken(sound))
        try:
            yield
        finally:
            setattr(self.owner, self.attribute, sound)


def _always(_: Any) -> Any:
    return lambda *args, **kwargs: True


def _instead(function: Any) -> Making:
    return lambda _: function


VARIANTS = (
    Variant("ack before write", writer.Writer, "_write", broken_hub.ack_before_write),
    Variant("forget on PUBACK", sender.Sender, "_send", broken_agent.forget_on_puback),
    Variant("ack of another epoch accepted", sender.Sender, "take", broken_agent.any_epoch),
    Variant("ack that does not account accepted", Ack, "accounts_for", _always),
    Variant("cursor ahead of what is delivered", Lanes, "restart", broken_agent.cursor_ahead),
    Variant("gap of refused lines not told", sender.Sender, "_missing", _instead(broken_agent.nothing_missing)),
    Variant("wall-clock deadlines in the window", sender, "time", broken_agent.wall_clock),
    Variant("nothing is ever sent again", sender.Sender, "_send", broken_agent.never_resends),
    Variant("drop on 401 and 404", writer, "settle_batches", broken_hub.hold_counts_as_yes),
    Variant("no answer counts as yes", settling, "settle", broken_hub.no_answer_counts_as_yes),
    Variant("endless retry on 400", settling, "settle", broken_hub.bad_lines_tried_for_ever),
    Variant("a bad line kills its batch", settling, "settle", broken_hub.bad_line_kills_its_batch),
    Variant("refusals of another batch", settling, "_outcomes", broken_hub.refusals_of_another_batch),
    Variant("unbounded arrivals", Arrivals, "put", broken_hub.arrivals_without_bound),
    Variant("every batch is taken once", Arrivals, "take", broken_hub.every_batch_once),
    Variant("held acks said though the store restarted", Acks, "_confirm", _instead(broken_hub.never_asks)),
    Variant("dead letters not kept", DeadLetterFile, "keep", _instead(lambda *_: None)),
    Variant("unbounded memory", Committer, "_hold", broken_agent.memory_without_bound),
    Variant("lost from memory in silence", SpoolDesk, "commit", broken_agent.lost_in_silence),
    Variant("pending lost at the stop", Committer, "_commit_rest", _instead(broken_agent.nothing_more)),
    Variant("refused commit counts as done", Committer, "_wait_out", broken_agent.refused_is_gone),
    Variant("unsynchronised clock believed", Clock, "stamp", broken_agent.believed),
    Variant("estimated times not marked", Stamp, "marked", _instead(lambda _self, measurement: measurement)),
    Variant("row key without the number", line, "row_time", _instead(lambda time, _seq: time * 10**6)),
    Variant("a new spool keeps the epoch", secrets, "token_hex", _instead(lambda _=16: "5f0c91d2a7b3e846")),
    Variant("re-stamp on resend", SpoolDesk, "payload", broken_spool.restamped),
    Variant("gap of dropped batches not told", *broken_spool.DROPPED, broken_spool.told_nothing),
    Variant("undated readings dated twice", *broken_spool.UNDATED, broken_spool.dated_twice),
    Variant("numbers begin anew after a restart", *broken_spool.NUMBERS, broken_spool.numbers_anew),
    Variant("numbers begin anew after a damage", *broken_spool.GOING_ON, _instead(lambda *_: None)),
    Variant("a refused portion is passed over", *broken_spool.PORTION, broken_spool.portion_passed_over),
    Variant(
        "undated readings stay in a damaged spool", *broken_spool.LEFT_UNDATED, _instead(broken_spool.nothing_restored)
    ),
)
"""Each must be caught by some seed."""
