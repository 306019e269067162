"""The uplink on a real broker, with a hub played by the test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge_agent.errors import SpoolUnwritable
from service.broker import Broker
from telemetry import batch as batches
from telemetry.ack import Ack, DeadLine
from telemetry.status import State
from tests.support.scripted_hub import ScriptedHub, playing, rows
from tests.support.servers import Server
from tests.support.spooling import opened
from tests.support.uplinks import Rig, readings, rigged
from tests.support.waiting import until

_SOON = 0.2


@pytest.fixture
def address(broker: Server) -> Broker:
    return Broker(host="127.0.0.1", port=broker.port)


@pytest.fixture
async def hub(address: Broker) -> AsyncIterator[ScriptedHub]:
    async with playing(address) as played:
        yield played


@pytest.fixture
async def rig(tmp_path: Path, address: Broker, hub: ScriptedHub) -> AsyncIterator[Rig]:
    """An uplink that does not resend within a test."""
    async with rigged(tmp_path / "spool", address) as made:
        await until(lambda: made.uplink.sent.online)
        yield made


async def test_a_committed_batch_reaches_the_hub_and_is_forgotten_on_its_word(rig: Rig, hub: ScriptedHub):
    number = await rig.commit(*readings([1.5, 2.5]))
    batch = await hub.batch()
    assert (batch.number, batch.epoch) == (number, rig.desk.epoch)
    assert [r.values["pm2_5"] for r in rows(batch)] == [1.5, 2.5]
    assert rig.desk.held.batches == 1
    await hub.ack(batch)
    await until(rig.uplink.delivered.is_set)
    assert rig.desk.held.batches == 0
    assert (rig.uplink.sent.acknowledged, rig.uplink.sent.stored) == (1, 2)


async def test_no_more_than_the_window_is_sent_ahead_of_the_hubs_word(rig: Rig, hub: ScriptedHub):
    for _ in range(6):
        await rig.commit()
    sent = [await hub.batch() for _ in range(4)]
    assert [batch.number for batch in sent] == [1, 2, 3, 4]
    assert rig.window.in_flight == 4
    assert hub.heard_nothing()
    await hub.ack(sent[2])
    assert (await hub.batch()).number == 5
    assert rig.window.in_flight == 4


async def test_acks_may_come_in_any_order(rig: Rig, hub: ScriptedHub):
    for _ in range(8):
        await rig.commit()
    first = [await hub.batch() for _ in range(4)]
    for batch in (first[3], first[1], first[2], first[0]):
        await hub.ack(batch)
    second = [await hub.batch() for _ in range(4)]
    assert sorted(batch.number for batch in second) == [5, 6, 7, 8]
    for batch in reversed(second):
        await hub.ack(batch)
    await until(lambda: rig.desk.held.batches == 0)
    assert rig.uplink.sent.sent == 8


async def test_a_second_ack_for_the_same_batch_changes_nothing(rig: Rig, hub: ScriptedHub):
    await rig.commit()
    batch = await hub.batch()
    await hub.ack(batch)
    await hub.ack(batch)
    await until(lambda: rig.uplink.sent.ignored == 1)
    await rig.commit()
    assert (await hub.batch()).number == 2
    assert (rig.uplink.sent.acknowledged, rig.uplink.sent.stored) == (1, 1)


async def test_an_ack_of_another_spools_life_is_ignored(rig: Rig, hub: ScriptedHub):
    await rig.commit()
    batch = await hub.batch()
    await hub.ack(batch, epoch="0123456789abcdef")
    await until(lambda: rig.uplink.sent.ignored == 1)
    assert rig.desk.held.batches == 1
    assert rig.window.in_flight == 1


async def test_an_ack_for_what_was_not_sent_forgets_nothing(rig: Rig, hub: ScriptedHub):
    for _ in range(5):
        await rig.commit()
    sent = [await hub.batch() for _ in range(4)]
    fifth = batches.Batch(sent[0].epoch, 5, 1, b"")
    await hub.ack(fifth)
    await until(lambda: rig.uplink.sent.ignored == 1)
    assert rig.desk.held.batches == 5


@pytest.mark.parametrize(
    "nonsense",
    [b"", b"\xff\xfe", b"[]", b"null", b'{"epoch": 1}', b"[" * 5000, b'{"epoch":"x","batch":-1,"stored":1,"dead":[]}'],
)
async def test_nonsense_in_place_of_an_ack_is_counted_and_ignored(rig: Rig, hub: ScriptedHub, nonsense: bytes):
    await rig.commit()
    batch = await hub.batch()
    await hub.say(nonsense)
    await until(lambda: rig.uplink.sent.ignored == 1)
    await hub.ack(batch)
    await until(lambda: rig.desk.held.batches == 0)


async def test_what_the_hub_does_not_acknowledge_is_sent_again_alike(tmp_path: Path, address: Broker, hub: ScriptedHub):
    async with rigged(tmp_path / "spool", address, resend=_SOON) as rig:
        await rig.commit()
        first, second, third = await hub.payload(), await hub.payload(), await hub.payload()
        assert first == second == third
        assert rig.desk.held.batches == 1
        await hub.ack(batches.decode(third))
        await until(lambda: rig.desk.held.batches == 0)
        assert rig.uplink.sent.resent >= 2


async def test_one_lost_ack_holds_up_no_other_batch(tmp_path: Path, address: Broker, hub: ScriptedHub):
    async with rigged(tmp_path / "spool", address, size=2) as rig:
        await until(lambda: rig.uplink.sent.online)
        for _ in range(6):
            await rig.commit()
        heard = []
        for _ in range(6):
            batch = await hub.batch()
            heard.append(batch.number)
            if batch.number != 1:
                await hub.ack(batch)
        assert heard == [1, 2, 3, 4, 5, 6]
        await until(lambda: rig.desk.held.batches == 1)
        assert await rig.desk.after(0, limit=9) == [1]


async def test_lines_that_the_hub_refused_are_reported_as_a_gap(rig: Rig, hub: ScriptedHub):
    await rig.commit(*readings([1.5, 2.5, 3.5, 4.5]), *readings([9.5], "co2"))
    batch = await hub.batch()
    await hub.ack(batch, dead=[DeadLine(2, "why"), DeadLine(4, "why"), DeadLine(5, "why")])
    await until(lambda: rig.desk.held.batches == 0)
    told = [(gap.sensor, gap.labels["cause"], dict(gap.values)) for gap in await rig.told()]
    assert told == [
        ("dust", "refused", {"first": 1, "last": 3, "count": 2}),
        ("co2", "refused", {"first": 0, "last": 0, "count": 1}),
    ]
    assert (rig.uplink.sent.stored, rig.uplink.sent.refused) == (2, 3)


@pytest.mark.parametrize(
    ("stored", "dead"),
    [
        (0, ()),
        (2, ()),
        (1, (DeadLine(0, "why"), DeadLine(99, "why"))),
        (0, (DeadLine(2, "why"),)),
        (1, (DeadLine(1, "why"),)),
    ],
)
async def test_a_word_that_does_not_account_for_the_batch_is_not_taken(
    rig: Rig, hub: ScriptedHub, stored: int, dead: tuple[DeadLine, ...], caplog: pytest.LogCaptureFixture
):
    await rig.commit()
    batch = await hub.batch()
    assert batch.lines == 1
    await hub.say(Ack(batch.epoch, batch.number, stored, dead).encode())
    await until(lambda: rig.uplink.sent.ignored == 1)
    assert rig.desk.held.batches == 1
    assert "does not account for its 1 lines" in caplog.text
    await hub.say(Ack(batch.epoch, batch.number, 1).encode())
    await until(lambda: rig.desk.held.batches == 0)


async def test_batches_may_be_sent_readable(tmp_path: Path, address: Broker, hub: ScriptedHub):
    async with rigged(tmp_path / "spool", address, compress=False) as rig:
        await rig.commit(*readings([1.5]))
        payload = await hub.payload()
        assert payload.startswith(b"# simpang/1 epoch=")
        assert b"air,site=simpang-empat,agent=se-1,sensor=dust pm2_5=1.5" in payload


async def test_what_was_committed_before_there_was_a_connection_is_sent(
    tmp_path: Path, address: Broker, hub: ScriptedHub
):
    spool = opened(tmp_path / "spool")
    spool.close()
    async with rigged(tmp_path / "spool", address, start=False) as rig:
        await rig.commit()
        await rig.commit()
        rig.start()
        assert [(await hub.batch()).number for _ in range(2)] == [1, 2]


async def test_an_uplink_that_starts_anew_sends_what_the_hub_does_not_have(
    tmp_path: Path, address: Broker, hub: ScriptedHub
):
    async with rigged(tmp_path / "spool", address) as rig:
        for _ in range(3):
            await rig.commit()
        sent = [await hub.batch() for _ in range(3)]
        await hub.ack(sent[1])
        await until(lambda: rig.desk.held.batches == 2)
    async with rigged(tmp_path / "spool", address):
        assert [(await hub.batch()).number for _ in range(2)] == [1, 3]


async def test_the_status_is_retained_online_and_then_stopping(tmp_path: Path, address: Broker):
    async with rigged(tmp_path / "spool", address) as rig:
        await until(lambda: rig.uplink.sent.online)
        async with playing(address) as late:
            said = await late.state(State.ONLINE)
            assert (said.version, said.since) == ("0.1.0", "2026-02-02T00:00:00+00:00")
    async with playing(address) as later:
        await later.state(State.STOPPING)


async def test_a_disk_that_refuses_to_be_read_is_waited_out_with_the_link_up(
    rig: Rig, hub: ScriptedHub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr("edge_agent.delivery.uplink._DISK_SECONDS", 0.01)
    await until(lambda: rig.uplink.sent.online)
    reading, refusals = rig.desk.payload, 0

    async def refusing(number: int) -> bytes | None:
        nonlocal refusals
        refusals += 1
        if refusals <= 5:
            raise SpoolUnwritable("the spool refuses: disk I/O error")
        return await reading(number)

    monkeypatch.setattr(rig.desk, "payload", refusing)
    await rig.commit(*readings([1.5]))
    batch = await hub.batch()
    assert [r.values["pm2_5"] for r in rows(batch)] == [1.5]
    said = [record.getMessage() for record in caplog.records if record.name.endswith("uplink")]
    assert sum("disk I/O error" in line for line in said) == 1
    assert sum("connected to broker" in line for line in said) <= 1


async def test_the_hubs_word_that_meets_a_refusing_disk_is_heard_again(
    tmp_path: Path, address: Broker, hub: ScriptedHub, monkeypatch: pytest.MonkeyPatch
):
    async with rigged(tmp_path / "spool", address, resend=1.0) as rig:
        forgetting, refusals = rig.desk.lines, 0

        async def refusing(number: int) -> int | None:
            nonlocal refusals
            refusals += 1
            if refusals == 1:
                raise SpoolUnwritable("the spool refuses: disk I/O error")
            return await forgetting(number)

        monkeypatch.setattr(rig.desk, "lines", refusing)
        await rig.commit(*readings([1.5]))
        await hub.ack(await hub.batch())
        await hub.ack(await hub.batch())
        await until(lambda: rig.desk.held.batches == 0)
        assert refusals == 2


async def test_a_silent_hub_is_told_once_until_it_speaks(
    tmp_path: Path, address: Broker, hub: ScriptedHub, caplog: pytest.LogCaptureFixture
):
    def told() -> int:
        return sum("has not acknowledged it" in record.getMessage() for record in caplog.records)

    async with rigged(tmp_path / "spool", address, resend=0.05) as rig:
        for value in range(4):
            await rig.commit(*readings([value + 0.5]))
        await until(lambda: rig.uplink.sent.resent >= 12)
        assert told() == 1
        assert "does it list this agent" in caplog.text
        await hub.ack(await hub.batch())
        await until(lambda: rig.uplink.sent.acknowledged == 1)
        await rig.commit(*readings([9.5]))
        await until(lambda: told() == 2)
