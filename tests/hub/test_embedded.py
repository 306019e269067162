"""The embedded store: exact, idempotent, and whole at every moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.errors import BadLines, QueryRefused
from hub.settling import settle
from hub.stores.embedded import Embedded
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import LABELS, Family
from telemetry.schema import LINE
from tests.hub.kit import line, lines

NAMES = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)
WHOLE = st.from_regex(r"-?[0-9]{1,18}i", fullmatch=True)
FLOAT = st.from_regex(r"-?[0-9]{1,15}(\.[0-9]{1,20})?", fullmatch=True)
TIMES = st.integers(0, 2**63 - 2).map("{:019}".format)

THREE = {"site": "a", "agent": "0-0", "sensor": "z" * 32}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Embedded]:
    opened = Embedded(tmp_path / "city.duckdb")
    await opened.prepare()
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """One store for all examples of a property."""
    opened = Embedded(tmp_path_factory.mktemp("lasting") / "city.duckdb")
    asyncio.run(opened.prepare())
    yield opened
    asyncio.run(opened.close())


async def count(store: Embedded, family: str = "air") -> int:
    return int((await store.query(f"SELECT count(*) AS n FROM {family}"))[0]["n"])


async def rows(store: Embedded, family: str = "air") -> list[dict[str, Any]]:
    """Return rows as they are, times in nanoseconds."""
    return [dict(row) for row in await store.query(f"SELECT * REPLACE (epoch_ns(time) AS time) FROM {family}")]


@st.composite
def allowed(draw: st.DrawFn) -> tuple[Family, dict[str, str], dict[str, str], str]:
    """Draw the parts of a line that the schema allows."""
    family = draw(st.sampled_from(list(Family)))
    tags = {name: draw(NAMES) for name in ("site", "agent", "sensor")}
    tags |= {name: draw(NAMES) for name in LABELS[family] if draw(st.booleans())}
    said = draw(st.sets(st.sampled_from(list(BY_FAMILY[family])), min_size=1))
    fields = {name: draw(WHOLE if q.whole else FLOAT) for name, q in BY_FAMILY[family].items() if name in said}
    fields["quality"] = f"{draw(st.integers(0, 9999))}i"
    fields["seq"] = draw(st.from_regex(r"[0-9]{1,18}i", fullmatch=True))
    return family, tags, fields, draw(TIMES)


def joined(pairs: dict[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in pairs.items())


def number(text: str) -> float:
    return int(text[:-1]) if text.endswith("i") else float(text)


@given(parts=allowed())
@example(parts=(Family.AIR, THREE, {"pm1": "-0", "quality": "9999i", "seq": "9" * 18 + "i"}, f"{2**63 - 2}"))
@example(parts=(Family.GAP, THREE, {"count": "-" + "9" * 18 + "i", "quality": "0i", "seq": "0i"}, "0" * 19))
@example(parts=(Family.AIR, THREE, {"pm1": f"{'9' * 15}.{'9' * 20}", "quality": "0i", "seq": "0i"}, "0" * 18 + "1"))
async def test_each_line_that_the_schema_allows_is_stored_exactly(lasting: Embedded, parts: Any) -> None:
    family, tags, fields, time = parts
    said = f"{family},{joined(tags)} {joined(fields)} {time}\n".encode()
    assert LINE.fullmatch(said)
    await lasting.query(f"DELETE FROM {family}")
    await lasting.write([said])
    expected = dict.fromkeys([*LABELS[family], *BY_FAMILY[family]])
    expected |= dict.fromkeys(LABELS[family], "") | tags | {name: number(text) for name, text in fields.items()}
    assert await rows(lasting, family) == [{"time": int(time)} | expected]


async def test_writing_again_changes_nothing(store: Embedded) -> None:
    said = lines(300)
    await store.write(said)
    before = await rows(store)
    await store.write(said)
    await store.write(said[::-1])
    await store.write(said[:10] * 3)
    assert sorted(await rows(store), key=lambda r: r["seq"]) == sorted(before, key=lambda r: r["seq"])
    assert len(before) == 300


async def test_the_same_row_with_another_value_is_the_last_one(store: Embedded) -> None:
    await store.write([line(1, value=1.0), line(1, value=2.0)])
    await store.write([line(1, value=3.0), line(1, value=4.0)])
    assert [row["pm2_5"] for row in await rows(store)] == [4.0]


async def test_labels_tell_rows_apart(store: Embedded) -> None:
    time = b"1763740860000000077"
    kinds = (b"", b",class=car", b",class=motorcycle", b",line=l1,class=car")
    await store.write(
        [b"traffic,site=a,agent=b,sensor=c%b count=1i,quality=0i,seq=77i %b\n" % (kind, time) for kind in kinds]
    )
    assert await count(store, "traffic") == len(kinds)


async def test_many_families_in_one_write(store: Embedded) -> None:
    said = []
    for family in Family:
        name, quantity = next(iter(BY_FAMILY[family].items()))
        value = "1i" if quantity.whole else "1.5"
        said.append(f"{family},site=a,agent=b,sensor=c {name}={value},quality=0i,seq=1i 1763740800123000001\n".encode())
    await store.write(said)
    assert {family: await count(store, family) for family in Family} == dict.fromkeys(Family, 1)


async def test_rows_are_there_after_opening_again(tmp_path: Path) -> None:
    for life in range(3):
        store = Embedded(tmp_path / "deep" / "folder" / "city.duckdb")
        await store.prepare()
        await store.prepare()
        assert await count(store) == 10 * life
        await store.write(lines(10, first=10 * life))
        await store.close()


async def test_queries_between_writes_see_whole_writes_only(store: Embedded) -> None:
    async def write() -> None:
        for first in range(0, 1000, 50):
            await store.write(lines(50, first=first))

    async def watch(writing: asyncio.Task[None]) -> list[int]:
        return [await count(store) async for _ in repeated(writing)]

    async def repeated(writing: asyncio.Task[None]) -> AsyncIterator[None]:
        while not writing.done():
            yield

    writing = asyncio.create_task(write())
    seen, others = await asyncio.gather(watch(writing), watch(writing))
    await writing
    assert all(found % 50 == 0 for found in seen + others)
    assert seen == sorted(seen)
    assert await count(store) == 1000


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\n",
        b"\xff\n",
        b"air\n",
        b"air,site=a pm2_5=1.0,quality=0i,seq=1i 1763740800123000001\n",
        b"air,site=a,agent=b,sensor=c pm2_5=1.0,quality=0i 1763740800123000001\n",
        b"air,site=a,agent=b,sensor=c pm2_5=NaN,quality=0i,seq=1i 1763740800123000001\n",
        b"air,site=a,agent=b,sensor=c pm2_5=1e3,quality=0i,seq=1i 1763740800123000001\n",
        b"air,site=a,agent=b,sensor=c co9=1.0,quality=0i,seq=1i 1763740800123000001\n",
        b"air,site=a,agent=b,sensor=c pm2_5=1.0,quality=0i,seq=1i 9223372036854775807\n",
        b"air,site=a,agent=b,sensor=c pm2_5=1.0,quality=0i,seq=1i 9999999999999999999\n",
        b"air,site=a,agent=b,sensor=c pm2_5=1.0,quality=0i,seq=1i 1763740800123000001",
        b"rain,site=a,agent=b,sensor=c mm=1.0,quality=0i,seq=1i 1763740800123000001\n",
        b"air,site=a,agent=b,sensor=');DROP TABLE air;-- pm2_5=1.0,quality=0i,seq=1i 1763740800123000001\n",
    ],
)
async def test_a_line_outside_the_schema_is_bad_and_stops_no_other(store: Embedded, said: bytes) -> None:
    with pytest.raises(BadLines):
        await store.write([said])
    assert set(await settle(store.write, [line(1), said, line(2)])) == {1}
    assert await count(store) == 2


async def test_a_refused_query_is_said_and_harms_nothing(store: Embedded) -> None:
    for statement in ("SELEC", "SELECT * FROM nothing", "SELECT 1/'x'"):
        with pytest.raises(QueryRefused):
            await store.query(statement)
    await store.write(lines(1))
    assert await count(store) == 1
