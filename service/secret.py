"""A password or token in a file of its own, which only root and the service may read."""

from __future__ import annotations

from pathlib import Path

_LONGEST = 16 * 1024
"""Bytes: tokens are a few hundred; a device or another file without an end is no secret."""


class UnusableSecret(Exception):
    """A password or key file that a person must mend."""


def secret_in(file: Path, *, key: str) -> str:
    """Return the one line in the file that a key names, without the space around it; raises UnusableSecret."""
    try:
        with file.open("rb") as opened:
            secret = opened.read(_LONGEST + 1).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableSecret(f"{key} {file} cannot be read: {error}") from error
    if len(secret) > _LONGEST or not secret.isprintable():
        raise UnusableSecret(f"{key} {file} must hold one line, the secret and nothing else")
    return secret
