"""The grammar of the lines that agents may say, compiled from the catalogue into one regular expression.

Matching a whole batch in one call costs a fraction of parsing each line: no float is made, no loop runs in Python.
Possessive quantifiers and atomic groups keep the worst case linear. Only single characters are repeated possessively:
before Python 3.11.5 a possessive group that fails half-way (gh-106052) keeps what it had consumed.
"""

from __future__ import annotations

import re

from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import LABELS, Family

NAME = rb"(?![a-z0-9-]{33})[a-z0-9]++(?>(?:-[a-z0-9]++)*)"
FLOAT = rb"-?+\d{1,15}+(?>(?:\.\d{1,20}+)?)"
"""20 decimals, since the shortest exact text of a number just above 0.0001 may need them all."""

_ANY = rb"[a-z0-9-]++"
"""Site and agent: who checks a line compares them with those of the topic, which are names."""

WHOLE = rb"-?+\d{1,18}+i"
TIME = rb"\d{19}"


def _family(family: Family) -> bytes:
    labels = b"".join(rb"(?>(?:,%b=%b)?)" % (label.encode(), NAME) for label in LABELS[family])
    fields = b"".join(
        rb"(?>(?:%b=%b,)?)" % (name.encode(), WHOLE if quantity.whole else FLOAT)
        for name, quantity in BY_FAMILY[family].items()
    )
    return rb"%b,site=%b,agent=%b,sensor=%b%b (?!quality=)%b" % (family.encode(), _ANY, _ANY, NAME, labels, fields)


_LINE = rb"(?:%b)quality=\d{1,4}+i,seq=\d{1,18}+i %b\n" % (b"|".join(map(_family, Family)), TIME)

LINE = re.compile(_LINE)
"""One line with its line feed."""

BODY = re.compile(rb"(?>(?:(?>%b))+)" % _LINE)
"""All lines of a batch."""

TIMES = re.compile(rb" (%b)\n" % TIME)
"""The time at the end of each line of a body that matches."""

SENSORS = re.compile(rb",sensor=([a-z0-9-]++)")
"""The sensor of each line of a body that matches."""
