"""What an operator writes about a hub; see configs/hub.toml for the annotated example."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, Tag

from service.broker import Broker
from service.places import Place
from service.secret import UnusableSecret, secret_in
from service.settings import FullPath, Name, Section, entries, is_seen, shown
from telemetry.names import HUB


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ValueError(f"{text!r} is not a server's address: {error}") from error
    if not good or any(letter.isspace() for letter in text):
        raise ValueError(f"{text!r} is not a server's address; write it like http://127.0.0.1:8086")
    if parts.username is not None:
        raise ValueError("a user name or password does not belong into the address, which is logged")
    return text


Url = Annotated[str, AfterValidator(_url)]


class EmbeddedStore(Section):
    """DuckDB on this machine."""

    kind: Literal["embedded"]
    path: FullPath = Field(description='the store\'s file, like path = "/var/lib/simpang/city.duckdb"')


class Influx1Store(Section):
    """InfluxDB 1.6 and later."""

    kind: Literal["influxdb1"]
    url: Url = Field(description='the server, like url = "http://127.0.0.1:8086"')
    database: Name = Field(default="simpang", description="the database; the hub creates it where it may")
    username: str | None = Field(default=None, description="only where the server asks for it")
    password_file: Path | None = Field(
        default=None, description="a file that only root and the service may read, which holds the password"
    )

    def password(self) -> str | None:
        """Return the password; raises UnusableSecret."""
        return None if self.password_file is None else secret_in(self.password_file, key="password_file")


class _V2Store(Section):
    url: Url = Field(description='the server, like url = "http://127.0.0.1:8086"')
    org: str = Field(default="simpang", description="the organisation")
    bucket: Name = Field(default="simpang", description="the bucket; the hub creates it where it may")
    token_file: Path | None = Field(
        default=None,
        description="a file that only root and the service may read, which holds a token with write access",
    )

    def token(self) -> str:
        """Return the token, empty without a file; raises UnusableSecret."""
        token = "" if self.token_file is None else secret_in(self.token_file, key="token_file")
        if not token.isascii():
            raise UnusableSecret(f"token_file {self.token_file} must hold a token, which is ASCII")
        return token


class Influx2Store(_V2Store):
    """InfluxDB 2 or 3."""

    kind: Literal["influxdb2"]


class VictoriaStore(_V2Store):
    """VictoriaMetrics through its v2 write endpoint."""

    kind: Literal["victoriametrics"]
    durable_after: float = Field(
        default=12,
        ge=0,
        le=60,
        description="seconds until a write survives a crash of the store, whose /metrics is asked; 0 trusts at once",
    )


AnyStore = Annotated[
    Annotated[EmbeddedStore, Tag("embedded")]
    | Annotated[Influx1Store, Tag("influxdb1")]
    | Annotated[Influx2Store, Tag("influxdb2")]
    | Annotated[VictoriaStore, Tag("victoriametrics")],
    Field(discriminator="kind"),
]


class DeadLetter(Section):
    """Where lines go that no store would take."""

    path: FullPath = Field(default=Path("/var/lib/simpang/dead-letter.jsonl"), description="the dead-letter file")
    limit_mb: int = Field(default=64, ge=1, le=10_000, description="the most megabytes, old ones are dropped")


class Times(Section):
    """Which row times are believed."""

    oldest_days: float = Field(default=366, gt=0, le=36_500, description="days into the past")
    newest_minutes: float = Field(default=60, ge=0, le=2880, description="minutes into the future")


class Registered(Section):
    """An agent that the city knows, and its sensors."""

    site: Name = Field(description="the agent's site")
    agent: Name = Field(description="the agent's name")
    sensors: list[Name] = Field(default=[], description="its sensors; leave out to accept whatever it says")


class HubSettings(Section):
    """The whole file."""

    broker: Broker = Field(description="a [broker] table with host and port")
    store: AnyStore = Field(
        description='a [store] table with kind = "embedded", "influxdb1", "influxdb2" or "victoriametrics"'
    )
    registration: Literal["closed", "open"] = Field(
        default="closed", description='"closed" accepts the agents listed here, "open" whoever the broker lets in'
    )
    agents: list[Registered] = Field(default=[], alias="agent", description="agents, each an [[agent]] table")
    dead_letter: DeadLetter = DeadLetter()
    times: Times = Times()
    share_group: Name | None = Field(default=None, description="several hubs on one broker name the same group")

    def notes(self) -> Iterable[str]:
        """Return the broker's, and a store's secret that is not there."""
        yield from self.broker.notes()
        for key in ("password_file", "token_file"):
            file: Path | None = getattr(self.store, key, None)
            if file is not None and not is_seen(file):
                yield f"[store] {key} {file} does not exist, or this user may not see it"

    @classmethod
    def faults(cls, said: Mapping[str, Any]) -> Iterable[tuple[Place, str]]:
        """Return agents that stand twice or have the hub's name, and a closed registration without any."""
        listed = list(entries(said, "agent"))
        if not listed and said.get("registration", "closed") == "closed":
            yield ("registration",), "it is closed and no [[agent]] is listed: nothing would be accepted"
        seen: dict[str, str] = {}
        for place, entry in listed:
            name = entry.get("agent")
            if name == HUB:
                yield (*place, "agent"), f"{HUB!r} is the hub's own name on the broker; use another"
            if isinstance(name, str) and name in seen:
                yield (*place, "agent"), f"{name!r} is already {seen[name]}"
            if isinstance(name, str):
                seen.setdefault(name, shown(place))
