"""A reading as one line of InfluxDB line protocol, formatted once, on the agent.

Canonical form: tags in the order site, agent, sensor, then the family's labels; fields in the order of the catalogue,
then quality and seq. Names need no escaping, so nothing here escapes.
"""

from __future__ import annotations

from telemetry.catalogue import BY_FAMILY
from telemetry.errors import BadReading
from telemetry.quality import Quality
from telemetry.quantity import LABELS, Family
from telemetry.reading import Measurement, Place, Reading
from telemetry.schema import LINE

NANOSECONDS_PER_MILLISECOND = 10**6


def row_time(time: int, seq: int) -> int:
    """Return the row's nanoseconds since 1970: the reading's millisecond, then `seq` modulo 10^6.

    Two different readings never share it, and the same reading sent twice always does.
    """
    return time * NANOSECONDS_PER_MILLISECOND + seq % NANOSECONDS_PER_MILLISECOND


def format_line(place: Place, reading: Reading) -> str:
    """Return the reading's line, without a line feed."""
    said = reading.measurement
    labels = "".join(f",{name}={said.labels[name]}" for name in LABELS[said.family] if name in said.labels)
    fields = "".join(
        f"{name}={_number(said.values[name], whole=quantity.whole)},"
        for name, quantity in BY_FAMILY[said.family].items()
        if name in said.values
    )
    return (
        f"{said.family},site={place.site},agent={place.agent},sensor={reading.sensor}{labels} "
        f"{fields}quality={int(said.quality)}i,seq={reading.seq}i {row_time(reading.time, reading.seq):019}"
    )


def _number(value: float, *, whole: bool) -> str:
    if whole:
        return f"{int(value)}i"
    text = repr(float(value))
    return text if "e" not in text else f"{value:.15f}".rstrip("0").rstrip(".")


def parse_line(line: bytes) -> Reading:
    """Return the reading that a canonical line, with its line feed, was formatted from; raises BadReading."""
    if LINE.fullmatch(line) is None:
        raise BadReading(f"not a line as this agent writes it: {line[:80]!r}")
    tags, said, time = line.decode().split(" ")
    family, _, _, sensor, *labels = tags.split(",")
    *values, quality, seq = (field.partition("=")[2] for field in said.split(","))
    names = (field.partition("=")[0] for field in said.split(","))
    numbers = {name: float(value.removesuffix("i")) for name, value in zip(names, values, strict=False)}
    measurement = Measurement(
        Family(family), numbers, dict(_pair(label) for label in labels), Quality(int(quality.removesuffix("i")))
    )
    sensor_name = sensor.partition("=")[2]
    return Reading(sensor_name, measurement, int(time) // NANOSECONDS_PER_MILLISECOND, int(seq.removesuffix("i")))


def _pair(tag: str) -> tuple[str, str]:
    name, _, value = tag.partition("=")
    return name, value
