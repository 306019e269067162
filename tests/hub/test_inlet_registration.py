"""Only the registered are stored; whoever else speaks is counted and kept as a sample."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hub.config import Registered
from telemetry.reading import Place
from telemetry.topic import Channel, topic
from tests.hub.benches import Bench, bench, closed_bench
from tests.hub.kit import PLACE, batch, line, lines


@pytest.fixture
def closed(tmp_path: Path) -> Bench:
    return closed_bench(tmp_path)


@pytest.fixture
def opened(tmp_path: Path) -> Bench:
    """An inlet that takes in whoever the broker lets in."""
    return bench(tmp_path, is_open=True)


@pytest.mark.parametrize(
    "where",
    [
        "",
        "/",
        "#",
        "simpang/v1/#",
        "simpang/v1/+/+/up/readings",
        "simpang/v1/+/se-1/up/readings",
        "simpang/v1/simpang-empat/#/up/readings",
        "$SYS/broker/uptime",
        "$share/hubs/simpang/v1/simpang-empat/se-1/up/readings",
        "simpang/v1/simpang-empat/se-1/up/readings/",
        "simpang/v1//se-1/up/readings",
        "simpang/v2/simpang-empat/se-1/up/readings",
        "simpang/v1/simpang-empat/se-1/up/pictures",
        "simpang/v1/simpang-empat/se-1/down/config",
        "simpang/v1/Simpang/se-1/up/readings",
        "simpang/v1/../se-1/up/readings",
        "simpang/v1/simpang-empat/" + "a" * 33 + "/up/readings",
        "simpang/v1/simpang\x00empat/se-1/up/readings",
        "simpang/v1/simpang empat/se-1/up/readings",
        "x" * 65_535,
    ],
)
@pytest.mark.parametrize("is_open", [True, False])
async def test_a_foreign_topic_is_counted_and_no_more(tmp_path: Path, where: str, is_open: bool) -> None:
    found = bench(tmp_path, is_open=is_open)
    await found.take(batch(7, lines(1)).encode(), on=where)
    assert dict(found.inlet.heard) == {"refused topic": 1}
    assert await found.arrived() == []
    assert found.registry.places() == []
    assert found.letters() == []


async def test_an_agent_that_is_not_registered_is_kept_once_and_counted_always(closed: Bench) -> None:
    stranger = Place("simpang-empat", "se-2")
    for number in range(5):
        said = batch(number, lines(3, place=stranger)).encode(compress=False)
        await closed.take(said, on=topic(stranger, Channel.READINGS))
        await closed.take(b'{"state": "online"}', on=topic(stranger, Channel.STATUS))
    assert await closed.arrived() == []
    assert closed.inlet.heard == {"refused stranger": 10}
    (letter,) = closed.letters()
    assert "not registered" in letter["why"]
    assert letter["topic"] == topic(stranger, Channel.READINGS)
    assert closed.presence.everyone() == []


async def test_many_strangers_are_bounded(closed: Bench) -> None:
    for number in range(3000):
        await closed.take(b"x", on=topic(Place("kota", f"palsu-{number}"), Channel.READINGS))
    assert closed.inlet.heard["refused stranger"] == 3000
    assert len(closed.letters()) == 1000
    assert closed.registry.places() == [PLACE]


async def test_the_same_agent_at_another_site_is_a_stranger(closed: Bench) -> None:
    elsewhere = Place("kota-lain", PLACE.agent)
    await closed.take(batch(1, lines(3, place=elsewhere)).encode(), on=topic(elsewhere, Channel.READINGS))
    assert await closed.arrived() == []


async def test_lines_of_sensors_that_are_not_registered_are_split_off(closed: Bench) -> None:
    said = [line(1), line(2, sensor="palsu"), line(3, sensor="cam-north"), line(4, sensor="palsu-2"), b"x\n"]
    await closed.take(batch(7, said).encode())
    arrived = await closed.only()
    assert arrived.lines == (said[0], said[2])
    assert arrived.numbers == (1, 3)
    assert [(dead.line, dead.why) for dead in arrived.dead][:2] == [
        (2, "sensor not registered: palsu"),
        (4, "sensor not registered: palsu-2"),
    ]
    assert [letter["text"] for letter in closed.letters()] == [s.decode().rstrip() for s in (said[1], said[3], said[4])]
    assert closed.registry.refused["sensor"] == 2


async def test_an_open_registry_takes_in_whoever_speaks(opened: Bench) -> None:
    for place in (PLACE, Place("sekolah-2", "sd-2")):
        await opened.take(batch(1, lines(2, place=place)).encode(), on=topic(place, Channel.READINGS))
    assert [arrived.place for arrived in await opened.arrived()] == [PLACE, Place("sekolah-2", "sd-2")]


async def test_an_agent_listed_without_sensors_may_name_any_up_to_a_bound(tmp_path: Path) -> None:
    found = bench(tmp_path, Registered(site=PLACE.site, agent=PLACE.agent))
    await found.take(batch(1, [line(n, sensor=f"s-{n:03}") for n in range(150)]).encode())
    arrived = await found.only()
    assert len(arrived.lines) == 100
    assert len(arrived.dead) == 50
    await found.take(batch(2, [line(1, sensor="s-000"), line(2, sensor="s-149")]).encode())
    assert [dead.why for dead in (await found.only()).dead] == ["sensor not registered: s-149"]


async def test_a_full_queue_stops_the_reading_until_there_is_room(tmp_path: Path) -> None:
    found = bench(tmp_path, Registered(site=PLACE.site, agent=PLACE.agent), most_bytes=1)
    await found.take(batch(1, lines(1)).encode())
    second = asyncio.create_task(found.take(batch(2, lines(1)).encode()))
    await asyncio.sleep(0)
    assert not second.done()
    assert [arrived.number for arrived in await found.arrivals.take(1)] == [1]
    await second
    assert [arrived.number for arrived in await found.arrivals.take(1)] == [2]


async def test_a_sensor_that_is_not_registered_is_named_once_in_the_log(
    closed: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3):
        await closed.take(batch(number, [line(number, sensor="gnss"), line(number)]).encode())
    said = [record.getMessage() for record in caplog.records if "gnss" in record.getMessage()]
    assert len(said) == 1
    assert said[0].startswith("simpang-empat/se-1 gnss is not among the agent's sensors in the hub's settings")
