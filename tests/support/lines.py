"""Hypothesis strategies for valid readings, and an exact, slow judge of lines that shares no code with the schema."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from telemetry.catalogue import BY_FAMILY
from telemetry.check import TimeWindow
from telemetry.quality import Quality
from telemetry.quantity import LABELS, Family, Quantity
from telemetry.reading import Measurement, Place, Reading

PROPERTY = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
PLACE = Place("simpang-empat", "se-1")
ALL_TIME = TimeWindow(0, 10**19 - 1)
LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"

AIR = b"air,site=simpang-empat,agent=se-1,sensor=dust pm2_5=12.3,pm10=20.1,quality=0i,seq=1042i 1763740800123001042\n"
CROSSING = (
    b"traffic,site=simpang-empat,agent=se-1,sensor=cam-north,line=l1,direction=in,class=motorcycle "
    b"count=12i,quality=0i,seq=77i 1763740860000000077\n"
)
"""The two lines of the contract."""

names = (
    st.lists(st.text(LETTERS + DIGITS, min_size=1, max_size=8), min_size=1, max_size=4)
    .map("-".join)
    .filter(lambda name: len(name) <= 32)
)


def values(quantity: Quantity) -> st.SearchStrategy[float]:
    """Return a strategy for what a reading may say of a quantity, believable or not."""
    if quantity.whole:
        return st.integers(-(10**15) + 1, 10**15 - 1)
    largest = 999_999_999_999_999.9
    return st.one_of(
        st.floats(-largest, largest),
        st.floats(-1, 1),
        st.integers(-100, 100).map(float),
        st.integers(1, 100_000).map(lambda n: 1 / n),
    )


@st.composite
def measurements(draw: st.DrawFn) -> Measurement:
    """Draw a measurement of any family."""
    family = draw(st.sampled_from(list(Family)))
    chosen = draw(st.sets(st.sampled_from(list(BY_FAMILY[family])), min_size=1, max_size=4))
    said = {name: draw(values(BY_FAMILY[family][name])) for name in draw(st.permutations(sorted(chosen)))}
    labels = draw(st.sets(st.sampled_from(LABELS[family]))) if LABELS[family] else set()
    quality = Quality(draw(st.integers(0, 127)))
    return Measurement(family, said, {label: draw(names) for label in sorted(labels)}, quality)


readings = st.builds(Reading, names, measurements(), st.integers(0, 2**63 // 10**6 - 1), st.integers(0, 10**18 - 1))


def acceptable(line: bytes, place: Place, window: TimeWindow) -> bool:
    """Judge one line, with its line feed, step by step."""
    if not line.isascii() or line.count(b"\n") != 1 or not line.endswith(b"\n"):
        return False
    parts = line.decode()[:-1].split(" ")
    if len(parts) != 3:
        return False
    family = next((f for f in Family if parts[0].split(",")[0] == f.value), None)
    if family is None:
        return False
    return _tags(family, parts[0], place) and _fields(family, parts[1]) and _time(parts[2], window)


def _tags(family: Family, text: str, place: Place) -> bool:
    pairs = [tag.split("=") for tag in text.split(",")[1:]]
    if any(len(pair) != 2 or not _name(pair[1]) for pair in pairs):
        return False
    keys = [key for key, _ in pairs]
    said = dict(pairs)
    in_order = [key for key in ("site", "agent", "sensor", *LABELS[family]) if key in keys]
    return keys == in_order and keys[:3] == ["site", "agent", "sensor"] and Place(said["site"], said["agent"]) == place


def _name(text: str) -> bool:
    return 1 <= len(text) <= 32 and all(part and set(part) <= set(LETTERS + DIGITS) for part in text.split("-"))


def _fields(family: Family, text: str) -> bool:
    pairs = [field.split("=") for field in text.split(",")]
    if any(len(pair) != 2 for pair in pairs):
        return False
    keys = [key for key, _ in pairs]
    in_order = [key for key in BY_FAMILY[family] if key in keys]
    if not in_order or keys != [*in_order, "quality", "seq"]:
        return False
    said = dict(pairs)
    good = all(_number(said[key], BY_FAMILY[family][key]) for key in in_order)
    return good and _digits(said["quality"], 4, end="i") and _digits(said["seq"], 18, end="i")


def _number(text: str, quantity: Quantity) -> bool:
    bare = text.removeprefix("-")
    if quantity.whole:
        return _digits(bare, 18, end="i")
    whole, point, fraction = bare.partition(".")
    if not _digits(whole, 15) or (point and not _digits(fraction, 20)):
        return False
    return abs(float(text)) < 10**15


def _digits(text: str, most: int, *, end: str = "") -> bool:
    bare = text.removesuffix(end)
    return text == bare + end and 1 <= len(bare) <= most and set(bare) <= set(DIGITS)


def _time(text: str, window: TimeWindow) -> bool:
    return _digits(text, 19) and len(text) == 19 and window.oldest <= int(text) <= window.newest
