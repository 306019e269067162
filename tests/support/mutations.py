"""Lines of valid readings with something wrong done to them."""

from __future__ import annotations

from hypothesis import strategies as st

from telemetry.catalogue import BY_FAMILY
from telemetry.line import format_line
from telemetry.quantity import Family
from tests.support.lines import PLACE, readings

HOSTILE_BYTES = [b"\n", b",", b" ", b"=", b'"', b"'", b"\\", b"\0", b"\r", b"\t", b"#", b"i", b"-", b".", b"e", b"+"]
HOSTILE_BYTES += [b"\xff", b"\xc3\xa9", "٣".encode(), "²".encode(), "\u2028".encode(), b"\x85", b"\x0b", b"_", b"0"]
HOSTILE_VALUES = [
    "",
    "nan",
    "NaN",
    "inf",
    "-inf",
    "+1",
    "1e5",
    "1E5",
    "1.e5",
    "0x10",
    "0x10i",
    "1_000",
    ".5",
    "1.",
    "--1",
]
HOSTILE_VALUES += [
    "-",
    "i",
    "1u",
    "1.5i",
    "1i",
    "1ii",
    "1",
    "t",
    "true",
    '"1"',
    "٣",
    "²",
    "1.0",
    "-0",
    "-0i",
    "00",
    "007i",
]
HOSTILE_VALUES += [
    "9" * 15,
    "9" * 16,
    "9" * 18 + "i",
    "9" * 19 + "i",
    "0." + "1" * 20,
    "0." + "1" * 21,
    "1=1",
    "1 1",
    "a b",
]
HOSTILE_VALUES += ["a" * 32, "a" * 33, "a--b", "-a", "a-", "A", "se-1", "simpang-empat", "é", "1763740800123001042"]


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """Draw the line of a valid reading."""
    return format_line(PLACE, draw(readings)).encode() + b"\n"


@st.composite
def with_bytes_changed(draw: st.DrawFn) -> bytes:
    """Draw a line with bytes replaced, taken out or put in."""
    line = draw(lines())
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(line) - 1))
        taken = draw(st.integers(0, 3))
        put = draw(st.one_of(st.sampled_from(HOSTILE_BYTES), st.binary(max_size=2), st.just(b"")))
        line = line[:at] + put + line[at + taken :]
    return line


@st.composite
def with_parts_changed(draw: st.DrawFn) -> bytes:
    """Draw a line with tags, fields or time swapped, repeated, left out, renamed or given another value."""
    line = draw(lines()).decode()
    parts = [part.split(",") for part in line[:-1].split(" ")]
    for _ in range(draw(st.integers(1, 2))):
        part = draw(st.sampled_from(parts))
        at = draw(st.integers(0, len(part) - 1))
        key = part[at].split("=")[0]
        match draw(st.sampled_from(["repeat", "swap", "drop", "value", "key", "foreign", "time"])):
            case "repeat":
                part.append(part[at])
            case "swap":
                part[:] = draw(st.permutations(part))
            case "drop" if len(part) > 1:
                del part[at]
            case "value":
                part[at] = f"{key}={draw(st.sampled_from(HOSTILE_VALUES))}"
            case "key":
                other = draw(
                    st.sampled_from([*Family, *(n for f in Family for n in BY_FAMILY[f]), "line", "class", ""])
                )
                part[at] = part[at].replace(key, other, 1)
            case "foreign":
                parts[0][1] = draw(st.sampled_from(["site=other", "site=simpang", "agent=se-1", "site=simpang-empat2"]))
            case "time":
                parts[-1] = [
                    draw(st.sampled_from(["1763740800", "-" + "1" * 18, "1" * 20, "1" * 19, "9" * 19, "٣" * 19]))
                ]
    return (" ".join(map(",".join, parts)) + "\n").encode()


anything = st.one_of(lines(), with_bytes_changed(), with_parts_changed())
ending_whole = anything.map(lambda line: line if line.endswith(b"\n") else line + b"\n")
