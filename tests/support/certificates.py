"""Throw-away certificates for tests, made by openssl."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from tests.support.servers import found

Days = tuple[int, int]
"""From when to when a certificate is valid, in days from now."""

VALID: Days = (-1, 2)
EXPIRED: Days = (-2, -1)
NOT_YET: Days = (1, 2)

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, PEM files."""

    cert: Path
    key: Path


class Authority:
    """A certificate authority with a folder of its own, which remembers what it issued and revoked."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        """Make it."""
        self._folder = folder / name
        self._folder.mkdir()
        self.cert, self.key = self._folder / "ca.pem", self._folder / "ca.key"
        _openssl("req", "-x509", *_NEW_KEY, "-days", "2", "-subj", f"/CN={name}", "-keyout", self.key,
                 "-out", self.cert, "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip
        self._settings = self._folder / "ca.cnf"
        self._settings.write_text(
            f"[ca]\ndefault_ca=mine\n[mine]\ndatabase={self._folder}/index\nserial={self._folder}/serial\n"
            f"new_certs_dir={self._folder}\ndefault_md=sha256\nunique_subject=no\npolicy=any\n"
            f"copy_extensions=copy\ndefault_crl_days=2\n[any]\ncommonName=supplied\n"
        )
        (self._folder / "index").touch()
        (self._folder / "serial").write_text("01\n")
        self._numbers = count(1)

    def issued(self, name: str, *, address: str = "IP:127.0.0.1", valid: Days = VALID) -> Pair:
        """Return a new certificate for a name and an address."""
        made = self._folder / f"{name}-{next(self._numbers)}"
        pair, request = Pair(made.with_suffix(".pem"), made.with_suffix(".key")), made.with_suffix(".csr")
        begin, end = (f"{datetime.now(UTC) + timedelta(days=days):%Y%m%d%H%M%SZ}" for days in valid)
        _openssl("req", *_NEW_KEY, "-subj", f"/CN={name}", "-addext", f"subjectAltName={address}",
                 "-keyout", pair.key, "-out", request)  # fmt: skip
        self._openssl("-in", request, "-out", pair.cert, "-startdate", begin, "-enddate", end, "-notext")
        return pair

    def revoke(self, pair: Pair) -> None:
        """Take a certificate back; whoever has the list of `revoked` knows."""
        self._openssl("-revoke", pair.cert)

    def revoked(self) -> Path:
        """Write the list of what was taken back anew, and return it."""
        self._openssl("-gencrl", "-out", self._folder / "crl.pem")
        return self._folder / "crl.pem"

    def _openssl(self, *arguments: str | Path) -> None:
        ours = ("-config", self._settings, "-cert", self.cert, "-keyfile", self.key)
        _openssl("ca", "-batch", *ours, *arguments)


def _openssl(*arguments: str | Path) -> None:
    subprocess.run([found("openssl"), *map(str, arguments)], check=True, capture_output=True, timeout=60)
