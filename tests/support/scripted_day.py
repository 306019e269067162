"""A day at two sites, in which every quantity of the catalogue is said: an hour by the minute, gases for 26 hours."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from telemetry.catalogue import BY_FAMILY
from telemetry.quality import Quality
from telemetry.quantity import Family, Quantity
from telemetry.reading import Place
from tests.support.scripted_agent import ScriptedAgent

MINUTE = 60_000
MINUTES = 60
GASES = ("pm10", "pm2_5", "so2", "co", "o3", "no2")
LINES, DIRECTIONS, CLASSES = ("l1", "l2"), ("in", "out"), ("pedestrian", "motorcycle", "car", "lorry")
COUNTERS = ("frames", "rejected", "restarts")
POSITION = (("ground_speed", "course"), ("altitude", "fix", "satellites", "hdop"))
"""What the two sentences of a receiver tell besides the place."""
OF_STATION = (Family.AIR, Family.NOISE, Family.WEATHER, Family.WATER, Family.POWER)
GAPS = {"dropped": 5, "refused": 2, "damaged": 7, "uncommitted": 1}


def junction(now: int) -> ScriptedAgent:
    """Return the agent that has everything; `now` in milliseconds since 1970."""
    agent = ScriptedAgent(Place("simpang-lima", "se-5"))
    for ago in range(26 * 6):
        _gas(agent, now - (10 * ago + 5) * MINUTE)
    for ago in reversed(range(MINUTES)):
        at = now // MINUTE * MINUTE - ago * MINUTE - MINUTE // 2
        _minute(agent, at, MINUTES - ago)
    agent.say("gas", Family.AIR, {"pm2_5": 999}, at=now - 3 * MINUTE, quality=Quality.STUCK)
    for (cause, count), ago in product(GAPS.items(), (30, 10)):
        values = {"first": 100, "last": 99 + count, "count": count}
        agent.say("station", Family.GAP, values, at=now - ago * MINUTE, labels={"cause": cause})
    return agent


def school(now: int) -> ScriptedAgent:
    """Return an agent that fell silent two hours ago."""
    agent = ScriptedAgent(Place("sdn-merdeka-3", "sd-3"))
    agent.say("agent", Family.HEALTH, {"cpu": 12}, at=now - 120 * MINUTE)
    agent.say("dust", Family.AIR, {"pm2_5": 8.5}, at=now - 121 * MINUTE)
    return agent


def gas_of_hour(name: str, at: int) -> float:
    """Return what a gas is throughout an hour of the day."""
    return 10.0 * (1 + GASES.index(name)) + at // (60 * MINUTE) % 24


def movements(agent: ScriptedAgent) -> Iterator[tuple[dict[str, str], int, int, float]]:
    """Yield tags, minute (in nanoseconds), count and count a minute of every traffic reading that was said."""
    for reading in agent.readings:
        said = reading.measurement
        if said.family is Family.TRAFFIC:
            minute, count = reading.time // MINUTE * MINUTE * 10**6, int(said.values["count"])
            yield agent.tags(reading), minute, count, count / said.values["observed"] * 60


def _gas(agent: ScriptedAgent, at: int) -> None:
    agent.say("gas", Family.AIR, {name: gas_of_hour(name, at) for name in GASES}, at=at)


def _minute(agent: ScriptedAgent, at: int, number: int) -> None:
    for family in OF_STATION:
        agent.say("station", family, _values(family, number), at=at)
        if number % 10 == 5:  # a second one, or every way to sum up a minute would give the same
            agent.say("station", family, _values(family, number + 1), at=at + 5000)
    agent.say("cam-east", Family.SCENE, _values(Family.SCENE, number), at=at)
    for movement in product(LINES, DIRECTIONS, CLASSES):
        labels = dict(zip(("line", "direction", "class"), movement, strict=True))
        count, observed = counted(movement, number), 30 if number % 10 == 0 else 60
        values = {**_values(Family.TRAFFIC, number), "count": count, "observed": observed}
        agent.say("cam-east", Family.TRAFFIC, values, at=at, labels=labels)
    for _ in range(1 + number % 3):
        agent.say("cam-east", Family.CROSSING, _values(Family.CROSSING, number), at=at, labels=labels)
    _health(agent, at, number)


def _health(agent: ScriptedAgent, at: int, number: int) -> None:
    elsewhere = {"online", "latitude", "longitude", *POSITION[0], *POSITION[1]}
    own = {name: value for name, value in _values(Family.HEALTH, number).items() if name not in elsewhere}
    agent.say("agent", Family.HEALTH, own, at=at)
    for sensor in ("station", "cam-east"):
        growth = {name: number * (step + 1) for step, name in enumerate(COUNTERS)}
        agent.say(sensor, Family.HEALTH, {**growth, "frame_age": 0.5}, at=at)
        agent.say(sensor, Family.HEALTH, {**growth, "frame_age": 4.5}, at=at + 1000)
    where = _values(Family.HEALTH, number)
    for sentence, names in enumerate(POSITION):
        told = {name: where[name] for name in ("latitude", "longitude", *names)}
        agent.say("gnss", Family.HEALTH, told, at=at + 200 * sentence)


def counted(movement: tuple[str, str, str], number: int) -> int:
    """Return how many went there in a minute; nobody ever by lorry out over l2."""
    if movement == ("l2", "out", "lorry"):
        return 0
    return number % 7 + CLASSES.index(movement[2]) + 3 * DIRECTIONS.index(movement[1])


def _values(family: Family, number: int) -> dict[str, float]:
    return {quantity.name: _value(quantity, number) for quantity in BY_FAMILY[family].values()}


def _value(quantity: Quantity, number: int) -> float:
    """Return a believable value that differs from minute to minute where the range allows it."""
    room = min(quantity.high - quantity.low, 100.0)
    if quantity.whole:
        return int(quantity.low) + number % (int(room) + 1)
    return round(quantity.low + room * number / (MINUTES + 1), 3)
