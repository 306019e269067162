"""The lines of a batch, before any of them may become a row."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from telemetry.batch import MOST_LINES
from telemetry.check import Checked, check
from tests.fuzz.surface import Surface
from tests.support.lines import AIR, ALL_TIME, CROSSING, PLACE, acceptable
from tests.support.mutations import ending_whole


def seeds() -> Sequence[bytes]:
    """Return bodies of one line of several families and of many lines."""
    health = _line("health", "agent cpu=3.5,uptime=1.0", "quality=64i,seq=1i")
    gap = _line("gap", "dust,cause=dropped first=1i,last=9i,count=9i", "quality=0i,seq=9i")
    return [AIR, CROSSING, health, gap, AIR + CROSSING + health + gap]


def _line(family: str, said: str, end: str) -> bytes:
    return f"{family},site={PLACE.site},agent={PLACE.agent},sensor={said},{end} 1763740800123000001\n".encode()


def heavy() -> Sequence[bytes]:
    """Return bodies of the most lines that fail as late as can be, and single lines of a megabyte."""
    long_name = b"a-" * 30_000
    lines = [AIR.replace(b"042\n", b"04\n"), CROSSING.replace(b"12i", b"12"), b"\n", b"  \n", b"air,air, \n"]
    return [
        *(line * (MOST_LINES // 4) for line in lines),
        *(AIR.replace(part, long_name) for part in (b"air", b"simpang-empat", b"se-1", b"dust", b"pm10", b"20.1")),
        AIR.replace(b"pm10=20.1", b",".join([b"pm10=20.1"] * 6_000)),
        AIR.replace(b"20.1", b"1" * 60_000),
        AIR.replace(b",pm10", b"\xff" * 60_000),
    ]


def read(data: bytes) -> Checked:
    """Check a body as `batch.decode` lets it through: of whole lines."""
    return check(PLACE, _whole(data), ALL_TIME)


def _whole(data: bytes) -> bytes:
    return data if data.endswith(b"\n") else data + b"\n"


def judge(data: bytes, said: Checked) -> None:
    """See that the slow judge lets the same lines pass."""
    lines = [line + b"\n" for line in _whole(data).split(b"\n")[:-1]]
    good = [number for number, line in enumerate(lines, start=1) if acceptable(line, PLACE, ALL_TIME)]
    assert list(said.numbers) == good
    assert said.body == b"".join(lines[number - 1] for number in good)
    assert sorted([*good, *(d.line for d in said.dead)]) == list(range(1, len(lines) + 1))
    assert all(d.why and len(d.why) <= 500 and d.why.isprintable() for d in said.dead)
    sensors = {lines[n - 1].split(b" ")[0].split(b",")[3].partition(b"=")[2].decode() for n in good}
    assert said.sensors == sensors


SURFACE = Surface(
    "check",
    read,
    (),
    judge,
    seeds,
    st.lists(ending_whole, max_size=4).map(b"".join),
    (
        b"air,",
        b",site=simpang-empat,agent=se-1,sensor=",
        b"quality=0i,seq=",
        b" 1763740800123001042\n",
        b"pm2_5=",
        b"i,",
    ),
    heavy,
)
