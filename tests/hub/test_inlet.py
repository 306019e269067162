"""Whatever bytes are said to the hub: nothing raises, and every refused line is named and kept."""

from __future__ import annotations

import json
import logging
import tracemalloc
from pathlib import Path
from random import Random

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from hub.arrivals import Arrived
from service.mqtt import Message
from telemetry import batch as batches
from telemetry.batch import Batch
from telemetry.reading import Place
from telemetry.status import State
from telemetry.topic import Channel, topic
from tests.hub.benches import MEGABYTE, READINGS, STATUS, Bench, bench, closed_bench
from tests.hub.kit import EPOCH, PLACE, batch, line, lines


@pytest.fixture
def closed(tmp_path: Path) -> Bench:
    return closed_bench(tmp_path)


@pytest.mark.parametrize("compress", [True, False])
async def test_a_good_batch_arrives_as_it_was_said(closed: Bench, compress: bool) -> None:
    await closed.take(batch(7, lines(20)).encode(compress=compress))
    arrived = await closed.only()
    assert arrived == Arrived(PLACE, EPOCH, 7, tuple(lines(20)), tuple(range(1, 21)), ())
    assert dict(closed.inlet.heard) == {"batches": 1, "lines": 20}
    assert closed.letters() == []


BAD_LINES = {
    "measurement": b"rain,site=simpang-empat,agent=se-1,sensor=dust mm=1.0,quality=0i,seq=1i 1763740800123000001\n",
    "quantity": line(1).replace(b"pm2_5", b"pm3"),
    "nan": line(1).replace(b"12.3", b"NaN"),
    "infinite": line(1).replace(b"12.3", b"+Inf"),
    "exponent": line(1).replace(b"12.3", b"1e9"),
    "text": line(1).replace(b"12.3", b'"12.3"'),
    "whole where decimal": line(1).replace(b"12.3", b"12i"),
    "other site": line(1, place=Place("kota-lain", "se-1")),
    "other agent": line(1, place=Place("simpang-empat", "se-2")),
    "unknown sensor": line(1, sensor="radar"),
    "space": line(1).replace(b"sensor=dust", b"sensor=du st"),
    "comma": line(1).replace(b"sensor=dust", b"sensor=du,st"),
    "capitals": line(1).replace(b"sensor=dust", b"sensor=DUST"),
    "long name": line(1).replace(b"sensor=dust", b"sensor=" + b"d" * 33),
    "nul": line(1).replace(b"dust", b"du\x00st"),
    "not utf-8": line(1).replace(b"dust", b"du\xffst"),
    "carriage return": line(1)[:-1] + b"\r\n",
    "empty": b"\n",
    "comment": b"# simpang/1 epoch=5f0c91d2a7b3e846 batch=1 lines=1\n",
    "too old": line(1)[:-20] + b"0000000000000000001\n",
    "too new": line(1)[:-20] + b"9223372036854775807\n",
    "no time": line(1)[:-21] + b"\n",
    "a row more": line(1)[:-1] + b" air,site=x\n",
    "huge": line(1)[:-1] + b"9" * 100_000 + b"\n",
}


@pytest.mark.parametrize("kind", BAD_LINES)
async def test_a_bad_line_is_named_and_kept_and_its_neighbours_go_on(closed: Bench, kind: str) -> None:
    said = [line(1), BAD_LINES[kind], line(2)]
    await closed.take(batch(7, said).encode())
    arrived = await closed.only()
    assert arrived.lines == (line(1), line(2))
    assert arrived.numbers == (1, 3)
    ((number, why),) = [(dead.line, dead.why) for dead in arrived.dead]
    assert number == 2
    (letter,) = closed.letters()
    assert {name: letter[name] for name in ("topic", "epoch", "batch", "line", "why")} == {
        "topic": READINGS,
        "epoch": EPOCH,
        "batch": 7,
        "line": 2,
        "why": why,
    }
    assert letter["text"] == said[1].rstrip(b"\n").decode("utf-8", "backslashreplace")[:2000]


async def test_all_lines_bad_is_a_batch_without_lines(closed: Bench) -> None:
    said = list(BAD_LINES.values())
    await closed.take(batch(7, said).encode())
    arrived = await closed.only()
    assert (arrived.lines, arrived.numbers) == ((), ())
    assert [dead.line for dead in arrived.dead] == list(range(1, len(said) + 1))
    assert len(closed.letters()) == len(said)


async def test_two_readings_in_one_line_never_pass(closed: Bench) -> None:
    joined = line(1)[:-1] + b"\\n" + line(2)
    await closed.take(batch(7, [joined]).encode())
    assert (await closed.only()).lines == ()


NOT_BATCHES = {
    "nothing": b"",
    "text": b"halo",
    "json": b'{"pm2_5": 12.3}',
    "zstd of nothing": zstandard.compress(b""),
    "zstd magic only": batches.ZSTD_MAGIC,
    "cut zstd": batch(7, lines(20)).encode()[:-20],
    "no lines": b"# simpang/1 epoch=5f0c91d2a7b3e846 batch=7 lines=0\n",
    "too few lines": Batch(EPOCH, 7, 3, b"".join(lines(2))).encode(),
    "too many lines": Batch(EPOCH, 7, 1, b"".join(lines(2))).encode(),
    "no last line feed": Batch(EPOCH, 7, 1, line(1)[:-1]).encode(),
    "other version": batch(7, lines(1)).document().replace(b"simpang/1", b"simpang/2"),
    "bad epoch": batch(7, lines(1), epoch="Z" * 16).document(),
    "huge number": batch(10**30, lines(1)).document(),
    "bomb": zstandard.compress(b"0" * (64 * MEGABYTE)),
    "bomb with a header": Batch(EPOCH, 7, 900_000, b"x\n" * 900_000).encode(),
    "lines without end": Batch(EPOCH, 7, 10_001, b"x\n" * 10_001).encode(),
}


@pytest.mark.parametrize("kind", NOT_BATCHES)
async def test_what_is_no_batch_is_kept_whole_and_never_queued(closed: Bench, kind: str) -> None:
    await closed.take(NOT_BATCHES[kind])
    assert await closed.arrived() == []
    (letter,) = closed.letters()
    assert (letter["topic"], letter["line"]) == (READINGS, 0)
    assert letter["why"]
    assert len(letter["text"]) <= 2000
    assert closed.inlet.heard["refused batch"] == 1


async def test_a_bomb_takes_little_memory(closed: Bench) -> None:
    bomb = zstandard.compress(b"0" * (512 * MEGABYTE))
    tracemalloc.start()
    try:
        await closed.take(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * MEGABYTE


async def test_a_batch_of_rubbish_lines_is_answerable_and_counts_against_the_bound(closed: Bench) -> None:
    await closed.take(Batch(EPOCH, 7, 2_000, b"x\n" * 2_000).encode())
    arrived = await closed.only()
    assert len(arrived.dead) == 2_000
    assert arrived.size > 2_000 * 100


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"online",
        b"null",
        b"[]",
        b'"online"',
        b"{}",
        b'{"state": "online"}',
        b'{"state": "flying", "version": "1", "since": "x"}',
        b'{"state": ["online"], "version": "1", "since": "x"}',
        b'{"state": {"state": {}}, "version": "1", "since": "x"}',
        b"[" * 4096,
        b'{"state":' * 400,
        b"\xff\xfe",
        b"9" * 5000,
        b'{"state": "online", "version": "' + b"x" * MEGABYTE + b'", "since": "x"}',
    ],
)
async def test_a_wrong_status_changes_nothing(closed: Bench, payload: bytes) -> None:
    await closed.inlet.take(Message(STATUS, payload, retain=True))
    assert closed.presence.state(PLACE) is None
    assert closed.presence.everyone() == []
    assert closed.inlet.heard == {"refused status": 1}


async def test_a_status_is_noted_whatever_else_it_says(closed: Bench) -> None:
    said = {"state": "online", "version": 3, "since": None, "more": [1, {"x": "y"}]}
    await closed.take(json.dumps(said).encode(), on=STATUS)
    assert closed.presence.state(PLACE) is State.ONLINE


async def test_an_acknowledgement_of_another_hub_is_passed_over(closed: Bench) -> None:
    await closed.take(b"{}", on=topic(PLACE, Channel.ACK))
    assert await closed.arrived() == []
    assert closed.letters() == []
    assert not closed.inlet.heard


async def test_every_hundredth_refusal_is_logged(closed: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    for _ in range(250):
        await closed.take(b"x", on="simpang/v1/nobody")
    assert len(caplog.records) == 3


@given(payload=st.binary(max_size=300), on=st.text(max_size=60) | st.sampled_from([READINGS, STATUS]))
async def test_arbitrary_bytes_never_raise(tmp_path_factory: pytest.TempPathFactory, payload: bytes, on: str) -> None:
    found = bench(tmp_path_factory.mktemp("fuzz"), is_open=True)
    await found.take(payload, on=on)
    assert await found.arrived() == []


@pytest.mark.parametrize("seed", range(20))
async def test_a_damaged_batch_never_raises_and_never_stores_a_line_that_was_not_said(closed: Bench, seed: int) -> None:
    random = Random(seed)
    said = batch(7, lines(30))
    for _ in range(50):
        payload = bytearray(said.encode(compress=seed % 2 == 0))
        for _ in range(random.randint(1, 3)):
            payload[random.randrange(len(payload))] = random.randrange(256)
        await closed.take(bytes(payload))
    for arrived in await closed.arrived():
        for stored in arrived.lines:
            assert b",site=simpang-empat,agent=se-1,sensor=" in stored
            assert stored.endswith(b"\n")
            assert stored.count(b"\n") == 1
        assert len(arrived.lines) + len(arrived.dead) == 30


async def test_a_compressed_batch_that_was_damaged_is_refused_whole_or_unchanged(closed: Bench) -> None:
    random = Random(1)
    said = batch(7, lines(30))
    whole = said.encode()
    for _ in range(500):
        payload = bytearray(whole)
        payload[random.randrange(len(payload))] ^= 1 << random.randrange(8)
        await closed.take(bytes(payload))
    for arrived in await closed.arrived():
        assert arrived.lines == tuple(lines(30))


async def test_a_hub_whose_clock_is_not_set_judges_no_times(closed: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closed.inlet, "_now", lambda: 86_400 * 10**9)
    await closed.take(batch(1, lines(3)).encode())
    assert await closed.arrived() == []
    assert closed.inlet.heard["refused clock"] == 1
    monkeypatch.undo()
    await closed.take(batch(1, lines(3)).encode())
    assert len(await closed.arrived()) == 1


async def test_a_batch_of_times_soon_to_come_is_held_and_not_judged(
    closed: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = batch(1, lines(3))
    newest = max(int(each.rsplit(b" ", 1)[1]) for each in lines(3))
    monkeypatch.setattr(closed.inlet, "_now", lambda: newest - 3 * 3600 * 10**9)
    await closed.take(said.encode())
    assert await closed.arrived() == []
    assert closed.letters() == []


async def test_the_gap_that_a_strange_sensor_leaves_may_be_told(closed: Bench) -> None:
    place = b"site=simpang-empat,agent=se-1"
    told = b"gap,%b,sensor=stranger,cause=refused first=0i,last=4i,count=5i,quality=0i,seq=5i %d\n"
    strange = b"air,%b,sensor=stranger pm1=1.0,quality=0i,seq=6i %d\n"
    time = int(lines(1)[0].rsplit(b" ", 1)[1])
    await closed.take(batch(1, [told % (place, time), strange % (place, time + 1)]).encode())
    (arrived,) = await closed.arrived()
    assert [line.split(b",")[0] for line in arrived.lines] == [b"gap"]
    assert [dead.line for dead in arrived.dead] == [2]


async def test_no_other_gap_of_a_strange_sensor_and_not_those_of_many_become_series(closed: Bench) -> None:
    tags, time = b"site=simpang-empat,agent=se-1", int(lines(1)[0].rsplit(b" ", 1)[1])
    told = b"gap,%b,sensor=%b,cause=%b first=0i,last=4i,count=5i,quality=0i,seq=5i %d\n"
    await closed.take(batch(1, [told % (tags, b"palsu", b"dropped", time)]).encode())
    assert [dead.why for dead in (await closed.only()).dead] == ["sensor not registered: palsu"]
    for number in range(3):
        said = [told % (tags, b"s-%d" % (100 * number + n), b"refused", time) for n in range(100)]
        await closed.take(batch(2 + number, said).encode())
    assert [len(arrived.lines) for arrived in await closed.arrived()] == [100, 0, 0]
