"""R15: certificates that expire, are not valid yet, are another's or are revoked, and their renewal while all runs."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.bed import ACK, Bed, Setup, bed
from tests.faults.case import Case
from tests.faults.proxy import Edit, Passing
from tests.faults.result import Result
from tests.support.certificates import EXPIRED, NOT_YET, Authority, Pair
from tests.support.servers import free_port

_OFFLINE_SECONDS = 4.0
_RECORD = 5
"""Bytes before each TLS record: its kind, 20 to 23, two of its version, two of its length (RFC 8446, 5.1)."""

_KINDS = range(20, 24)


@dataclass
class Wire:
    """Looks at what the agent says on the wire, record by record; what is no record of TLS is in the clear."""

    bytes: int = 0
    clear: int = 0

    def edit(self) -> Edit:
        """Return what looks at one connection."""
        rest = bytearray()

        def look(data: bytes) -> Iterable[Passing]:
            self.bytes += len(data)
            rest.extend(data)
            while len(rest) >= _RECORD:
                if rest[0] not in _KINDS or rest[1] != 3:
                    self.clear += len(rest)
                    rest.clear()
                    break
                size = _RECORD + int.from_bytes(rest[3:5], "big")
                if len(rest) < size:
                    break
                del rest[:size]
            return (Passing(data),)

        return look


@dataclass
class Office:
    """The files from which broker and agent read their certificates, and whoever issues them."""

    folder: Path
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.authority, self.other = Authority(self.folder, "ca"), Authority(self.folder, "other-ca")
        self.trusted = self.folder / "trusted.pem"
        self.trust(self.authority)
        self.broker, self.agent = self._pair("broker"), self._pair("agent")
        self.give(self.broker, self.authority.issued("broker"))
        self.give(self.agent, self.authority.issued("se-1"))
        self.revoked = self.authority.revoked()

    def _pair(self, name: str) -> Pair:
        return Pair(self.folder / f"{name}-in-use.pem", self.folder / f"{name}-in-use.key")

    def give(self, to: Pair, pair: Pair) -> None:
        """Put a certificate and its key where they are read."""
        shutil.copy(pair.key, to.key)
        shutil.copy(pair.cert, to.cert)

    def trust(self, authority: Authority) -> None:
        """Have the agent trust an authority and no other."""
        shutil.copy(authority.cert, self.trusted)

    def setup(self) -> Setup:
        """Return a broker that speaks TLS to the agent, and asks for its certificate."""
        return Setup(
            broker=f"allow_anonymous true\nlistener {self.port} 127.0.0.1\ncafile {self.authority.cert}\n"
            f"certfile {self.broker.cert}\nkeyfile {self.broker.key}\nrequire_certificate true\n"
            f"crlfile {self.revoked}\n",
            agent_port=self.port,
            agent_broker=f'ca_file = "{self.trusted}"\n'
            f'cert_file = "{self.agent.cert}"\nkey_file = "{self.agent.key}"\n',
            proxies=frozenset({"agent"}),
        )


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong with a certificate, and how it is put right."""

    name: str
    spoil: Callable[[], None]
    renew: Callable[[], None]


def _troubles(office: Office) -> Iterable[Trouble]:
    """Yield them in an order in which each leaves the files as they should be."""

    def sound() -> None:
        office.give(office.broker, office.authority.issued("broker"))

    def revoke() -> None:
        office.authority.revoke(office.agent)
        office.authority.revoked()

    bad = {
        "broker's expired": lambda: office.authority.issued("broker", valid=EXPIRED),
        "broker's not valid yet": lambda: office.authority.issued("broker", valid=NOT_YET),
        "broker's of another authority": lambda: office.other.issued("broker"),
        "broker's for another address": lambda: office.authority.issued("broker", address="IP:127.0.0.9"),
    }
    for name, issue in bad.items():
        yield Trouble(name, lambda issue=issue: office.give(office.broker, issue()), sound)  # type: ignore[misc]
    yield Trouble(
        "agent's expired",
        lambda: office.give(office.agent, office.authority.issued("se-1", valid=EXPIRED)),
        lambda: office.give(office.agent, office.authority.issued("se-1")),
    )
    yield Trouble("agent's revoked", revoke, lambda: office.give(office.agent, office.authority.issued("se-1")))
    yield Trouble(
        "authority replaced",
        lambda: office.give(office.broker, office.other.issued("broker")),
        lambda: office.trust(office.other),
    )


def _certificates(folder: Path, _: int) -> Result:
    """The agent spools, says that it is a matter of certificates, and goes on by itself once they are renewed."""
    office, wire, result = Office(folder / "office"), Wire(), Result()
    recovery: list[float] = []
    with bed(folder, office.setup(), first=False) as b:
        b.proxy["agent"].edit_up = wire.edit
        b.proxy["agent"].cut()
        b.wait_for_first()
        for trouble in _troubles(office):
            trouble.spoil()
            why = _noticed(b)
            named = "certificate" in why
            result.demand(named, f"I8 {trouble.name}: the agent does not say that it is the certificate: {why}")
            b.run_for(_OFFLINE_SECONDS)
            result.demand(b.waiting() > 0, f"{trouble.name}: nothing waits, so it was sent all the same")
            trouble.renew()
            _reload(b)
            recovery.append(b.after(ACK, time.monotonic()))
        b.drain()
        result.trials, result.recovery = len(recovery), recovery
        result.demand(wire.bytes and not wire.clear, f"{wire.clear} of {wire.bytes} bytes were in the clear")
        result.notes.append(f"{wire.clear} of {wire.bytes:,} bytes in the clear; no program was restarted")
        return b.judged(result)


def _reload(b: Bed) -> None:
    """Have the broker read its certificates again, as its service manager does."""
    assert b.broker.process is not None
    b.broker.process.send_signal(signal.SIGHUP)


def _noticed(b: Bed) -> str:
    """Break the link until the agent is offline for a reason of its own, and return the reason."""
    _reload(b)
    time.sleep(0.5)
    b.proxy["agent"].cut()
    return str(b.wait(lambda: _why(b), "an agent that is refused, or refuses", 90))


def _why(b: Bed) -> str:
    said = b.agent_says().get("broker", {})
    why = "" if said.get("online") else str(said.get("why", ""))
    return why if "certificate" in why or "TLS" in why else ""


CASES = (
    Case("R15", "certificates expired, not yet valid, foreign, revoked, then renewed without a restart", _certificates),
)
