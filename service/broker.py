"""How to reach the MQTT broker: the section that agents and hubs share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from service.places import Place
from service.reach import Reach
from service.settings import Section, is_seen

_TLS_PORT = 8883
_HOST = re.compile(r"[^\s/@\0]+")


def _host(text: str) -> str:
    try:
        text.encode("idna")
    except UnicodeError as error:
        raise ValueError(f"{text!r} cannot be a host name: {error}") from error
    if _HOST.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a host name or address; write it bare, without mqtt://, user or port")
    return text


class Broker(Reach, Section):
    """Address and credentials of the broker."""

    host: Annotated[str, AfterValidator(_host)] = Field(
        description='the broker\'s host name or address, like host = "127.0.0.1"'
    )
    port: int = Field(default=1883, ge=1, le=65535, description="the broker's TCP port, 1883 plain or 8883 with TLS")
    username: str | None = Field(default=None, description="the name that the broker knows; the agent's own name")
    password_file: Path | None = Field(
        default=None, description="a file that only root and the service may read, which holds the password"
    )
    ca_file: Path | None = Field(default=None, description="the certificate authority's PEM file; switches TLS on")
    cert_file: Path | None = Field(default=None, description="this client's certificate, a PEM file")
    key_file: Path | None = Field(
        default=None, description="this client's private key, a PEM file that only root and the service may read"
    )

    @classmethod
    def faults(cls, said: Mapping[str, Any]) -> Iterable[tuple[Place, str]]:
        """Return TLS files without those that they need."""
        own = [key for key in ("cert_file", "key_file") if key in said]
        if own and "ca_file" not in said:
            yield (own[0],), "cert_file and key_file need ca_file, without which nothing is encrypted"
        elif own == ["key_file"]:
            yield ("key_file",), "key_file needs cert_file, the certificate that belongs to it"

    def notes(self) -> Iterable[str]:
        """Return missing files, a name without a password, and the port for TLS without it."""
        for key in ("password_file", "ca_file", "cert_file", "key_file"):
            file: Path | None = getattr(self, key)
            if file is not None and not is_seen(file):
                yield f"[broker] {key} {file} does not exist, or this user may not see it"
        if self.username is not None and self.password_file is None and self.cert_file is None:
            yield f"[broker] has the username {self.username!r} and neither password_file nor cert_file"
        if self.port == _TLS_PORT and self.ca_file is None:
            yield f"[broker] port {_TLS_PORT} is for TLS, which ca_file switches on"
