"""The topic grammar: `simpang/v1/<site>/<agent>/up/readings` and its siblings."""

from __future__ import annotations

from enum import StrEnum

from telemetry.errors import BadName, BadTopic
from telemetry.reading import Place

ROOT = "simpang/v1"


class Channel(StrEnum):
    """What is said on an agent's topics: up from the agent, down from the hub."""

    READINGS = "up/readings"
    STATUS = "up/status"
    ACK = "down/ack"


def topic(place: Place, channel: Channel) -> str:
    """Return an agent's topic for a channel."""
    return f"{ROOT}/{place.site}/{place.agent}/{channel}"


def everyone(channel: Channel, *, group: str | None = None) -> str:
    """Return the filter for a channel of all agents, as a member of a shared subscription if a group is named."""
    wanted = f"{ROOT}/+/+/{channel}"
    return f"$share/{group}/{wanted}" if group else wanted


def parse(text: str) -> tuple[Place, Channel]:
    """Return whose topic this is and which channel; raises BadTopic."""
    parts = text.split("/")
    if len(parts) != 6 or not text.startswith(f"{ROOT}/"):
        raise BadTopic(f"{text[:120]!r} is not {ROOT}/<site>/<agent>/<channel>")
    try:
        return Place(parts[2], parts[3]), Channel("/".join(parts[4:]))
    except (BadName, ValueError) as error:
        raise BadTopic(f"{text[:120]!r} is not {ROOT}/<site>/<agent>/<channel>: {str(error)[:120]}") from error
