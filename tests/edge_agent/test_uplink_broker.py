"""The uplink and a broker in trouble: named, survived, and never in the way of commits or of the end."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from service import mqtt
from service.broker import Broker
from tests.support import servers
from tests.support.scripted_hub import playing, rows
from tests.support.servers import Server
from tests.support.spooling import all_rows, opened
from tests.support.uplinks import readings, rigged
from tests.support.waiting import until

_SOON = 0.2


@pytest.fixture
def address(broker: Server) -> Broker:
    return Broker(host="127.0.0.1", port=broker.port)


async def test_delivery_goes_on_after_the_broker_was_killed(tmp_path: Path, broker: Server, address: Broker):
    async with rigged(tmp_path / "spool", address) as rig:
        async with playing(address) as hub:
            await rig.commit(*readings([1.5]))
            await hub.batch()
        broker.kill()
        await until(lambda: not rig.uplink.sent.online)
        await rig.commit(*readings([2.5]))
        broker.start()
        async with playing(address) as hub:
            heard = {batch.number: batch for batch in [await hub.batch_number(1), await hub.batch_number(2)]}
            for batch in heard.values():
                await hub.ack(batch)
            await until(lambda: rig.desk.held.batches == 0)
    assert [r.values["pm2_5"] for number in (1, 2) for r in rows(heard[number])] == [1.5, 2.5]


async def test_a_broker_that_goes_away_while_the_agent_stops_does_not_keep_it_running(
    tmp_path: Path, broker: Server, address: Broker, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(mqtt, "_TIMEOUT", 1.0)
    async with rigged(tmp_path / "spool", address) as rig:
        await until(lambda: rig.uplink.sent.online)
        broker.kill()
        await rig.stop()


async def test_a_broker_that_hangs_does_not_keep_the_agent_running(
    tmp_path: Path, broker: Server, address: Broker, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(mqtt, "_TIMEOUT", 1.0)
    assert broker.process is not None
    async with rigged(tmp_path / "spool", address) as rig:
        await until(lambda: rig.uplink.sent.online)
        broker.process.send_signal(signal.SIGSTOP)
        try:
            await rig.stop()
        finally:
            broker.process.send_signal(signal.SIGCONT)


async def test_no_broker_at_all_is_named_and_keeps_the_readings(tmp_path: Path):
    address = Broker(host="127.0.0.1", port=servers.free_port())
    async with rigged(tmp_path / "spool", address) as rig:
        await rig.commit()
        await until(lambda: "127.0.0.1" in rig.uplink.sent.why)
        assert "nothing listens there; is the broker running" in rig.uplink.sent.why
        assert rig.desk.held.batches == 1


@pytest.fixture
def passwords(tmp_path: Path) -> Path:
    """A broker's password file that knows se-1 by the password `right`."""
    file = tmp_path / "passwords"
    make = [servers.found("mosquitto_passwd"), "-b", "-c", str(file), "se-1", "right"]
    subprocess.run(make, check=True, capture_output=True)
    return file


async def test_a_wrong_password_is_named(tmp_path: Path, passwords: Path):
    secret = tmp_path / "password"
    secret.write_text("wrong\n")
    with servers.running(servers.mosquitto(tmp_path / "mosquitto", extra=f"password_file {passwords}\n")) as broker:
        address = Broker(host="127.0.0.1", port=broker.port, username="se-1", password_file=secret)
        async with rigged(tmp_path / "spool", address) as rig:
            await until(lambda: "user name or password" in rig.uplink.sent.why)
            assert "check username and password_file" in rig.uplink.sent.why
            assert not rig.uplink.sent.online
            secret.write_text("right\n")
            await until(lambda: rig.uplink.sent.online)


async def test_a_password_file_that_is_not_there_is_named(tmp_path: Path, broker: Server):
    address = Broker(host="127.0.0.1", port=broker.port, username="se-1", password_file=tmp_path / "none")
    async with rigged(tmp_path / "spool", address) as rig:
        await until(lambda: "password_file" in rig.uplink.sent.why)
        assert str(tmp_path / "none") in rig.uplink.sent.why


async def test_an_access_list_that_keeps_the_acks_away_is_suspected_aloud(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    """Mosquitto grants the subscription and then delivers nothing."""
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    (folder / "acl").write_text("topic write simpang/v1/#\ntopic read simpang/v1/+/+/up/#\n")
    extra = f"allow_anonymous true\nacl_file {folder / 'acl'}\n"
    with servers.running(servers.mosquitto(folder, extra=extra)) as broker:
        address = Broker(host="127.0.0.1", port=broker.port)
        async with playing(address) as hub, rigged(tmp_path / "spool", address, resend=_SOON) as rig:
            await rig.commit()
            for _ in range(4):
                await hub.ack(await hub.batch())
            assert rig.desk.held.batches == 1
    warnings = [record.getMessage() for record in caplog.records if "access list (ACL)" in record.getMessage()]
    assert len(warnings) == 1
    assert warnings[0].startswith("batch 1 was sent 3 times")


async def test_commits_wait_for_no_broker(tmp_path: Path):
    address = Broker(host="127.0.0.1", port=servers.free_port())
    async with rigged(tmp_path / "spool", address) as rig:
        for _ in range(50):
            await rig.commit()
    spool = opened(tmp_path / "spool")
    assert len(all_rows(spool)) == 50
    spool.close()
