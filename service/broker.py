"""How to reach the MQTT broker: the section that agents and hubs share."""

from __future__ import annotations

import ssl
from pathlib import Path

from pydantic import Field

from service.settings import Section


class UnusableSecret(Exception):
    """A password or key file that a person must mend."""


class Broker(Section):
    """Address and credentials of the broker."""

    host: str = Field(description='the broker\'s host name or address, like host = "127.0.0.1"')
    port: int = Field(default=1883, ge=1, le=65535, description="the broker's TCP port, 1883 plain or 8883 with TLS")
    username: str | None = Field(default=None, description="the name that the broker knows; the agent's own name")
    password_file: Path | None = Field(default=None, description="a file of mode 0600 that holds the password")
    ca_file: Path | None = Field(default=None, description="the certificate authority's PEM file; switches TLS on")
    cert_file: Path | None = Field(default=None, description="this client's certificate, a PEM file")
    key_file: Path | None = Field(default=None, description="this client's private key, a PEM file of mode 0600")

    def password(self) -> str | None:
        """Return the password; raises UnusableSecret."""
        if self.password_file is None:
            return None
        try:
            return self.password_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UnusableSecret(f"password_file {self.password_file} cannot be read: {error}") from error

    def tls(self) -> ssl.SSLContext | None:
        """Return a context that trusts only `ca_file`, None without one; raises UnusableSecret."""
        if self.ca_file is None:
            return None
        try:
            context = ssl.create_default_context(cafile=str(self.ca_file))
            if self.cert_file is not None:
                context.load_cert_chain(self.cert_file, self.key_file)
        except (OSError, ssl.SSLError) as error:
            raise UnusableSecret(f"ca_file, cert_file or key_file cannot be used: {error}") from error
        return context

    def __str__(self) -> str:
        """Return host and port, for messages."""
        return f"{self.host}:{self.port}"
