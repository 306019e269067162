"""R14: a broker that says yes and does nothing: its access list denies, its queue overflows."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from tests.faults.bed import ACK, Setup, bed
from tests.faults.case import Case
from tests.faults.result import Result

_OPEN = "topic readwrite #\n"
_DENYING = "topic read #\ntopic write simpang/v1/+/+/up/status\ntopic write simpang/v1/+/+/down/ack\n"


def _access_list(folder: Path, trials: int) -> Result:
    """MQTT 3.1.1 answers a denied PUBLISH with success."""
    folder.mkdir(parents=True, exist_ok=True)
    acl = folder / "acl"
    acl.write_text(_OPEN)
    setup = Setup(broker=f"allow_anonymous true\nacl_file {acl}\n", resend_seconds=1)
    recovery: list[float] = []
    with bed(folder, setup) as b:
        assert b.broker.process is not None
        result = Result(trials=trials)
        for _ in range(trials):
            acl.write_text(_DENYING)
            b.broker.process.send_signal(signal.SIGHUP)
            denied = time.monotonic()
            b.wait(lambda: "access list (ACL)" in b.agent.words(), "a warning that names the access list")
            result.notes.append(f"named after {time.monotonic() - denied:.0f} s")
            result.demand(b.waiting() > 0, "the spool was freed on the broker's word")
            acl.write_text(_OPEN)
            b.broker.process.send_signal(signal.SIGHUP)
            mended = time.monotonic()
            recovery.append(b.after(ACK, mended))
        b.drain()
        result.recovery = recovery
        return b.judged(result)


def _overflow(folder: Path, trials: int) -> Result:
    """The hub is frozen, and the broker drops what its short queue does not hold after acknowledging it."""
    short = "allow_anonymous true\nmax_queued_messages 5\nmax_inflight_messages 2\n"
    recovery: list[float] = []
    with bed(folder, Setup(broker=short, resend_seconds=1)) as b:
        for _ in range(trials):
            b.hub.pause()
            b.run_for(12)
            b.hub.go_on()
            recovery.append(b.after(ACK, time.monotonic()))
        b.drain()
        return b.judged(Result(trials=trials, recovery=recovery))


def _lies(folder: Path, trials: int) -> Result:
    denied = _access_list(folder / "acl", trials)
    return denied.plus(_overflow(folder / "overflow", trials), "access list, then queue overflow")


CASES = (Case("R14", "broker lies: denied publish says success, full queue drops", _lies, 3),)
