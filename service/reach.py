"""How a broker is reached, once its settings are known to be good; needs nothing of what checked them."""

from __future__ import annotations

import ssl
from pathlib import Path

from service.secret import UnusableSecret, secret_in


class Reach:
    """Address and credentials of the broker."""

    host: str
    port: int
    username: str | None
    password_file: Path | None
    ca_file: Path | None
    cert_file: Path | None
    key_file: Path | None

    def password(self) -> str | None:
        """Return the password; raises UnusableSecret."""
        return None if self.password_file is None else secret_in(self.password_file, key="password_file")

    def tls(self) -> ssl.SSLContext | None:
        """Return a context that trusts only `ca_file`, None without one; raises UnusableSecret."""
        if self.ca_file is None:
            return None
        try:
            context = ssl.create_default_context(cafile=str(self.ca_file))
            if self.cert_file is not None:
                context.load_cert_chain(self.cert_file, self.key_file)
        except (OSError, ssl.SSLError) as error:
            raise UnusableSecret(f"{self._tls_files()} cannot be used: {error}") from error
        return context

    def _tls_files(self) -> str:
        named = {"ca_file": self.ca_file, "cert_file": self.cert_file, "key_file": self.key_file}
        return " or ".join(f"{key} {file}" for key, file in named.items() if file is not None)

    def __str__(self) -> str:
        """Return host and port, for messages."""
        return f"{self.host}:{self.port}"
