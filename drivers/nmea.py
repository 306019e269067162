"""GNSS receivers that speak NMEA 0183: position, speed and fix from RMC and GGA sentences of any talker.

A line `$` fields `*` and the exclusive or of the fields in hexadecimal. That check misses two equal characters lost
together: "5313.2228" may become "5313.28", a hundred metres away. Two decisions make up for it:
- after a damaged line the next ten sound sentences are "distrusted", for damage comes in company;
- a receiver keeps the number of decimals of a field, so a sentence that departs from the one before it is "format".
Of the captured logs, replayed forty times each with 0.2, 0.5 and 2 % of the bytes lost, a driver with neither
invented 77 measurements, with the first alone 2, with the second alone 4, with both none.
The first RMC and GGA are taken at their word. What stays: two sentences spliced at the same place by one long loss
agree in the check once in 128 cases. Source: NMEA 0183 as heard in gpsd's test logs (ntpsec/gpsd test/daemon).
"""

from __future__ import annotations

import re

from drivers.driver import Driver, LineSettings
from drivers.parts.checksum import xor8
from drivers.parts.framing import LineScanner
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

DISTRUST = 10
"""Sound sentences not believed after a damaged line."""
_LONGEST = 256
"""Bytes; the standard allows 82, receivers were heard with 203."""

_HEALTH = BY_FAMILY[Family.HEALTH]
_SENTENCE = re.compile(r"[$!]([^*]*)\*([0-9A-Fa-f]{2})")
_UNCHECKED = re.compile(r"\$P[^*]*")
_FIXED_DECIMALS = {"RMC": (1, 3, 5, 7), "GGA": (1, 2, 4, 8, 9, 11)}
"""Fields whose number of decimals a receiver keeps: time, position, speed, dilution, heights; not the course."""

_NUMBER = r"\d{1,5}(?:\.\d+)?"
_TIME = r"\d{6}(?:\.\d+)?"
_POSITION = r"(?P<lat>\d{4}\.\d+),(?P<north>[NS]),(?P<lon>\d{5}\.\d+),(?P<east>[EW])"
# The last digit but one of a date may be a minus sign: receivers past their GPS week rollover say year -1.
_RMC = re.compile(
    rf"[A-Z]{{2}}RMC,{_TIME},A,{_POSITION},(?P<knots>{_NUMBER})?,(?P<course>{_NUMBER})?,"
    rf"(?:\d{{4}}[\d-]\d)?,(?:{_NUMBER})?,[EW]?(?:,[A-Z]?){{0,2}}"
)
_GGA = re.compile(
    rf"[A-Z]{{2}}GGA,(?:{_TIME})?,{_POSITION},(?P<fix>[1-8]),(?P<satellites>\d\d?)?,(?P<hdop>{_NUMBER})?,"
    rf"(?P<altitude>-?{_NUMBER})?,M,(?:-?{_NUMBER})?,M?,(?:{_NUMBER})?,(?:\d{{4}})?(?:,(?:{_NUMBER})?)?"
)
_LOST = re.compile(
    r"[A-Z]{2}(?:GGA(?:,[^,]*){5},(?P<fix>0),(?P<satellites>\d\d?)?(?:,[^,]*){7,8}|RMC,[^,]*,V(?:,[^,]*){9,11})"
)


class Nmea(Driver):
    """Reads RMC and GGA; a lost fix is told as `fix=0` without a position."""

    title = "GNSS receivers, NMEA 0183 (RMC and GGA, any talker)"
    line = LineSettings(9600)
    other_bauds = (4800, 38400, 115200)
    quantities = tuple(
        _HEALTH[name]
        for name in ("latitude", "longitude", "altitude", "ground_speed", "course", "fix", "satellites", "hdop")
    )
    tested = "captures"
    sure = "A"
    power = "the receiver's; TTL, RS-232 or USB"
    interval = 1.0
    notes = "Older receivers talk at 4800 baud, newer ones at 38400 or 115200. Other text on the line counts as damage."

    def __init__(self, **said: object) -> None:
        """Trust the line until it is damaged."""
        super().__init__(**said)
        self._distrusted = 0
        self._decimals: dict[tuple[str, int], int] = {}

    def framing(self) -> LineScanner:
        """Cut lines."""
        return LineScanner(_LONGEST)

    def read(self, frame: bytes) -> Measurement | str | None:
        """Return what an RMC or GGA says, the cause why it says nothing, or None for any other sentence."""
        text = frame.decode("latin-1")
        sentence = _SENTENCE.fullmatch(text)
        if sentence is None or xor8(sentence[1].encode("latin-1")) != int(sentence[2], 16):
            return self._damaged(text)
        meaning = self._meaning(sentence[1])
        if not self._distrusted:
            return meaning
        self._distrusted -= 1
        return "distrusted" if isinstance(meaning, Measurement) else meaning

    def _damaged(self, text: str) -> str | None:
        """Name what is wrong; makers' own sentences (`$P`) without a check are none of our business."""
        if len(text) < _LONGEST and _UNCHECKED.fullmatch(text):
            return None
        self._distrusted = DISTRUST
        if text[0] not in "$!":
            return "noise"
        return "length" if len(text) == _LONGEST else "checksum"

    def _meaning(self, body: str) -> Measurement | str | None:
        form = {"RMC": _RMC, "GGA": _GGA}.get(body[2:5])
        if form is None:
            return None
        lost, said = _LOST.fullmatch(body), form.fullmatch(body)
        if not (lost or said) or self._departs(body):
            return "format"
        if lost:
            return _lost_fix(lost)
        return (said and _position(said)) or "format"

    def _departs(self, body: str) -> bool:
        """Tell whether a fixed field has another number of decimals than before, and remember the new one."""
        kind, fields = body[2:5], body.split(",")
        decimals = {(kind, at): len(fields[at].partition(".")[2]) for at in _FIXED_DECIMALS[kind] if fields[at]}
        departs = any(self._decimals.get(field, count) != count for field, count in decimals.items())
        self._decimals.update(decimals)
        return departs


def _lost_fix(lost: re.Match[str]) -> Measurement | str:
    """Return fix 0 and the satellites from a GGA; an RMC has no more to say."""
    if lost["fix"] is None:
        return "no-fix"
    values = {name: int(lost[name]) for name in ("fix", "satellites") if lost[name]}
    return Measurement(Family.HEALTH, values)


def _position(said: re.Match[str]) -> Measurement | None:
    """Return all that a sentence with a fix says, None for a place or course that does not exist."""
    latitude = _degrees(said["lat"], south_or_west=said["north"] == "S")
    longitude = _degrees(said["lon"], south_or_west=said["east"] == "W")
    found = said.groupdict()
    values = {"latitude": latitude, "longitude": longitude}
    if found.get("knots"):
        values["ground_speed"] = round(float(found["knots"]) * 1.852, 4)
    values |= {name: float(found[name]) for name in ("course", "altitude", "hdop") if found.get(name)}
    values |= {name: int(found[name]) for name in ("fix", "satellites") if found.get(name)}
    if abs(latitude) > 90 or abs(longitude) > 180 or values.get("course", 0) > 360:
        return None
    return Measurement(Family.HEALTH, values)


def _degrees(text: str, *, south_or_west: bool) -> float:
    """Return degrees from (d)ddmm.mmm; minutes beyond 60 give what no range holds."""
    point = text.index(".") - 2
    minutes = float(text[point:])
    degrees = int(text[:point]) + minutes / 60 if minutes < 60 else float("inf")
    return round(-degrees if south_or_west else degrees, 9)
