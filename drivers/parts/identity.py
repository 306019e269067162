"""Who was there, without saying who: an id leaves a driver only as a number that a secret makes of it.

The first 48 bits of HMAC-SHA256 (RFC 2104) over the kind of id and the id. Without the secret nobody can tell the id,
nor try the few million that exist; with another secret the same id gives another number. A sensor of ids is off until a
secret is given.
"""

from __future__ import annotations

import hashlib
import hmac

from drivers.errors import BadOption
from drivers.parts.options import Text
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

SALT = Text("salt", "a secret of 16 characters or more, the same at all readers of a school; without it all is off")
QUANTITIES = tuple(BY_FAMILY[Family.ATTENDANCE].values())

_SHORTEST = 16


def checked_salt(salt: object) -> bytes:
    """Return the secret as bytes; raises BadOption where it is too short to keep ids apart from their numbers."""
    if len(str(salt)) < _SHORTEST:
        raise BadOption("salt", f"{len(str(salt))} characters are too few; {SALT.help}")
    return str(salt).encode()


def attendance(salt: bytes, kind: str, number: bytes) -> Measurement:
    """Return that somebody was there."""
    digest = hmac.new(salt, kind.encode() + b":" + number, hashlib.sha256).digest()
    return Measurement(Family.ATTENDANCE, {"count": 1, "person": int.from_bytes(digest[:6], "big")})
