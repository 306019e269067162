"""R11, R12: a link that is half open, and one that is slow, narrow and often down."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.bed import ACK, Bed, Setup, bed
from tests.faults.case import Case
from tests.faults.machine import packets_lost
from tests.faults.result import Result

_DETECT_TARGET = 32.0
"""One and a half keepalives of 20 s, and the beat of the status file."""

_AGENT_LINK = Setup(proxies=frozenset({"agent"}))
_KBIT = 1000 / 8
_MOST_TRIES = 20
_LOST_OF_A_HUNDRED = 30


def _half_open(folder: Path, trials: int) -> Result:
    """The proxy stops forwarding; then the broker is frozen: nobody says that anything is wrong."""
    result = Result(trials=2 * trials)
    recovery: list[float] = []
    with bed(folder, _AGENT_LINK) as b:
        for _ in range(trials):
            for freeze, thaw in (_proxy_freeze(b), _broker_freeze(b)):
                _noticed(b, result, freeze)
                thawed = time.monotonic()
                thaw()
                recovery.append(b.after(ACK, thawed))
        b.drain()
        result.recovery = recovery
        return b.judged(result)


def _noticed(b: Bed, result: Result, freeze: Callable[[], None]) -> None:
    b.wait(lambda: b.agent_says()["broker"]["online"], "an agent that is online")
    freeze()
    begun = time.monotonic()
    b.wait(lambda: not b.agent_says()["broker"]["online"], "an agent that notices", 60)
    took = time.monotonic() - begun
    result.aim(took <= _DETECT_TARGET, f"I8 the half-open link was noticed after {took:.0f} s")
    result.notes.append(f"noticed after {took:.0f} s")


def _proxy_freeze(b: Bed) -> tuple[Callable[[], None], Callable[[], None]]:
    def freeze() -> None:
        b.proxy["agent"].link.frozen = True

    def thaw() -> None:
        b.proxy["agent"].link.frozen = False
        b.proxy["agent"].cut()

    return freeze, thaw


def _broker_freeze(b: Bed) -> tuple[Callable[[], None], Callable[[], None]]:
    assert b.broker.process is not None
    process = b.broker.process
    return (lambda: process.send_signal(signal.SIGSTOP)), (lambda: process.send_signal(signal.SIGCONT))


def _bad_link(folder: Path, trials: int) -> Result:
    """64 kbit/s, 400 ms, five seconds up and five down."""
    with bed(folder, _AGENT_LINK) as b:
        proxy = b.proxy["agent"]
        proxy.link.delay, proxy.link.bytes_per_second = 0.2, 64 * _KBIT
        before, begun = proxy.accepted, time.monotonic()
        for _ in range(trials):
            b.run_for(5)
            proxy.link.refusing = True
            proxy.cut()
            b.run_for(5)
            proxy.link.refusing = False
        minutes = (time.monotonic() - begun) / 60
        tries = (proxy.accepted - before) / minutes
        result = Result(trials=trials)
        mended = time.monotonic()
        result.recovery = [b.after(ACK, mended)]
        proxy.link.delay = proxy.link.bytes_per_second = 0
        b.drain()
        result.notes.append(f"{tries:.0f} connections tried a minute")
        result.aim(tries <= _MOST_TRIES, f"reconnect storm: {tries:.0f} tries a minute")
        return b.judged(result)


def _lossy(folder: Path, trials: int) -> Result:
    """Three of ten packets are lost, in both directions."""
    with bed(folder, _AGENT_LINK) as b:
        proxy = b.proxy["agent"]
        before, begun, sent = proxy.accepted, time.monotonic(), len(b.ear.heard[ACK])
        with packets_lost(proxy.port, of_a_hundred=_LOST_OF_A_HUNDRED):
            b.run_for(20.0 * trials)
        seconds, acked = time.monotonic() - begun, len(b.ear.heard[ACK]) - sent
        mended = time.monotonic()
        result = Result(trials=trials, recovery=[b.after(ACK, mended)])
        tries = (proxy.accepted - before) / seconds * 60
        result.notes.append(
            f"{acked} batches acknowledged and {tries:.0f} connections tried in {seconds:.0f} s of loss"
        )
        result.aim(tries <= _MOST_TRIES, f"reconnect storm: {tries:.0f} tries a minute")
        b.drain()
        return b.judged(result)


CASES = (
    Case("R11", "half-open link: proxy stops forwarding, broker frozen", _half_open, 2),
    Case("R12", "64 kbit/s, 400 ms, 5 s up and 5 s down", _bad_link, 6),
    Case("R12-loss", f"{_LOST_OF_A_HUNDRED} % of the packets lost", _lossy, 6),
)
