"""The one grammar of names, so that nothing ever needs escaping."""

from __future__ import annotations

import re

from telemetry.errors import BadName

HUB = "hub"
"""The name under which the hub speaks to the broker, so no agent's."""

HEALTH = "agent"
"""The sensor name under which an agent reports its own health."""

LINK = "link"
"""The sensor name under which the hub says whether the agent is there."""

LONGEST = 32
NAME = r"(?=[a-z0-9-]{1,32}(?![a-z0-9-]))[a-z0-9]++(?>(?:-[a-z0-9]++)*)"
"""A regular expression for one name; it matches nothing that is longer than 32 characters."""

_WHOLE = re.compile(NAME)


def is_name(text: str) -> bool:
    """Tell whether a text is a name."""
    return _WHOLE.fullmatch(text) is not None


def checked_name(text: str) -> str:
    """Return the text if it is a name, else raise BadName."""
    if not is_name(text):
        raise BadName(text)
    return text
