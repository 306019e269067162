"""What a technician reads when the broker cannot be reached, refuses or goes away; and that ending still ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from service import mqtt
from service.broker import Broker
from service.mqtt import BrokerLost, Link, Message, connected
from tests.support.clients import address, collected, complaint, pretender
from tests.support.servers import Server, found, free_port, mosquitto, running

BROKEN = "is the broker running, does the network hold"


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Server]:
    """A Mosquitto that knows one user, se-1, with the password `right`."""
    passwords = tmp_path / "passwords"
    passwords.touch(mode=0o600)
    subprocess.run([found("mosquitto_passwd"), "-b", str(passwords), "se-1", "right"], check=True, capture_output=True)
    with running(mosquitto(tmp_path / "m", extra=f"allow_anonymous false\npassword_file {passwords}\n")) as server:
        yield server


async def test_a_wrong_password_says_which_keys_to_check(closed: Server, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("wrong\n")
    for keys in ({}, {"username": "se-1"}, {"username": "se-1", "password_file": password}):
        said = await complaint(address(closed, **keys))
        assert "check username and password_file" in said
        assert "wrong" not in said
    password.write_text("right\n")
    async with connected(address(closed, username="se-1", password_file=password), name="t", queue=1) as link:
        await link.publish(Message("t", b""))


async def test_a_missing_password_file_is_named(broker: Server, tmp_path: Path) -> None:
    said = await complaint(address(broker, username="a", password_file=tmp_path / "none"))
    assert f"password_file {tmp_path}/none cannot be read" in said


async def test_where_nothing_listens_host_and_port_are_to_be_checked() -> None:
    said = await complaint(Broker(host="127.0.0.1", port=free_port()))
    assert "is the broker running, are host and port right?" in said


async def test_an_unknown_host_is_named() -> None:
    said = await complaint(Broker(host="no-such-host.invalid"))
    assert "no-such-host.invalid" in said
    assert "check host and the network's DNS" in said or "check the network" in said


def _dynamic_security(folder: Path) -> Server:
    """Return a Mosquitto whose access list refuses every subscription but to `open/#`."""
    plugin = next(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"), None)
    if plugin is None:
        pytest.skip("Mosquitto's dynamic security plugin is not installed")
    folder.mkdir()
    rules = folder / "dynsec.json"
    rules.write_text(
        '{"defaultACLAccess": {"publishClientSend": true, "publishClientReceive": true, "subscribe": false, '
        '"unsubscribe": true}, "anonymousGroup": "all", "groups": [{"groupname": "all", "roles": '
        '[{"rolename": "reader"}]}], "roles": [{"rolename": "reader", "acls": [{"acltype": "subscribePattern", '
        '"topic": "open/#", "allow": true}]}]}'
    )
    extra = f"allow_anonymous true\nplugin {plugin}\nplugin_opt_config_file {rules}\n"
    return mosquitto(folder, extra=extra)


async def test_a_subscription_that_the_access_list_refuses_is_named(tmp_path: Path) -> None:
    with running(_dynamic_security(tmp_path / "m")) as server:
        async with connected(address(server), name="t", queue=1) as link:
            await link.subscribe("open/a")
            with pytest.raises(BrokerLost, match=r"refuses a subscription to shut/a; check its access list \(ACL\)"):
                await link.subscribe("shut/a")


async def listen(link: Link) -> None:
    await collected(link, 1)


async def subscribe(link: Link) -> None:
    await link.subscribe("t")


async def publish(link: Link) -> None:
    await link.publish(Message("t", b""))


@pytest.mark.parametrize("act", [listen, subscribe, publish])
async def test_a_broker_killed_in_mid_stream_is_lost_with_advice(
    broker: Server, act: Callable[[Link], Awaitable[None]]
) -> None:
    async with connected(address(broker), name="t", queue=4) as link:
        await link.subscribe("x")
        listening = asyncio.create_task(listen(link))
        await asyncio.sleep(0)
        broker.kill()
        with pytest.raises(BrokerLost, match=BROKEN):
            await listening
        with pytest.raises(BrokerLost, match=BROKEN):
            await act(link)


async def test_after_a_broker_s_death_the_next_connection_works(broker: Server) -> None:
    async with connected(address(broker), name="t", queue=4) as link:
        broker.kill()
        with pytest.raises(BrokerLost):
            await listen(link)
    broker.start()
    async with connected(address(broker), name="t", queue=4) as link:
        await link.subscribe("t")
        await link.publish(Message("t", b"again"))
        assert await collected(link, 1) == [Message("t", b"again")]


async def test_a_second_client_of_the_same_name_is_suspected(broker: Server) -> None:
    same = {"name": "same", "queue": 1}
    async with connected(address(broker), **same) as first, connected(address(broker), **same) as second:
        with pytest.raises(BrokerLost, match="has another client the same name"):
            await listen(first)
        await second.publish(Message("t", b""))


@pytest.fixture
def frozen(broker: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Freezes the broker as a dead link would; at the end it thaws."""
    monkeypatch.setattr(mqtt, "_TIMEOUT", 0.3)
    process = broker.process
    assert process is not None

    yield lambda: os.kill(process.pid, signal.SIGSTOP)
    os.kill(process.pid, signal.SIGCONT)


async def test_a_broker_that_does_not_answer_is_lost_after_a_while(broker: Server, frozen: Callable[[], None]) -> None:
    async with connected(address(broker), name="t", queue=1) as link:
        frozen()
        for act in (publish, subscribe):
            with pytest.raises(BrokerLost, match="does not answer; check the network"):
                await act(link)


async def test_a_farewell_that_finds_no_broker_does_not_undo_a_cancellation(
    broker: Server, frozen: Callable[[], None]
) -> None:
    began = asyncio.Event()

    async def serve() -> None:
        async with connected(address(broker), name="t", queue=1) as link:
            began.set()
            try:
                await asyncio.Event().wait()
            finally:
                await link.publish(Message("t", b"farewell"))

    serving = asyncio.create_task(serve())
    await began.wait()
    frozen()
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


async def test_a_disconnection_that_cannot_be_sent_does_not_undo_a_cancellation(
    broker: Server, frozen: Callable[[], None]
) -> None:
    filling = asyncio.Event()

    async def serve() -> None:
        async with connected(address(broker), name="t", queue=1) as link:
            frozen()
            asyncio.get_running_loop().call_soon(filling.set)
            await asyncio.gather(*(link.publish(Message("t", bytes(1_000_000))) for _ in range(20)))

    serving = asyncio.create_task(serve())
    await filling.wait()
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


async def test_a_timeout_around_the_link_is_still_a_timeout(broker: Server) -> None:
    async with connected(address(broker), name="t", queue=1) as link:
        await link.subscribe("t")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await listen(link)
        await publish(link)


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (1, ""),
        (2, "is another agent running under this name?"),
        (3, "Server unavailable"),
        (4, "check username and password_file"),
        (5, "check username and password_file"),
        (77, ""),
    ],
)
async def test_every_refusal_is_told(code: int, advice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "_TIMEOUT", 0.3)
    async with pretender(bytes([0x20, 2, 0, code])) as broker:
        assert advice in await complaint(broker)


@pytest.mark.parametrize(
    "says", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff" * 100, b"SSH-2.0\r\n"], ids=range(4)
)
async def test_a_server_that_is_no_broker_is_lost(says: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "_TIMEOUT", 0.3)
    async with pretender(says) as broker:
        assert "does not answer; check the network" in await complaint(broker)
