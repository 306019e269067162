"""TLS to a real Mosquitto: only the named authority is believed, and what is wrong is told."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from service import mqtt
from service.broker import Broker
from service.mqtt import Message, connected
from tests.support.certificates import EXPIRED, NOT_YET, Authority, Days, Pair
from tests.support.clients import address, collected, complaint, everybody_else
from tests.support.servers import Server, mosquitto, running

UNCLOSED = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""Paho leaves the socket of a failed handshake to the garbage collector."""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, Pair, Pair, Authority]:
    """An authority, a broker's and an agent's certificate of it, and another authority."""
    folder = tmp_path_factory.mktemp("certificates")
    ca = Authority(folder)
    return ca, ca.issued("broker"), ca.issued("agent"), Authority(folder, "other")


@pytest.fixture
def secure(certificates: tuple[Authority, Pair, Pair, Authority], tmp_path: Path) -> Iterator[Server]:
    """A Mosquitto that speaks TLS only and asks for a certificate."""
    ca, own, _, _ = certificates
    extra = (
        f"allow_anonymous true\ncafile {ca.cert}\ncertfile {own.cert}\nkeyfile {own.key}\nrequire_certificate true\n"
    )
    with running(mosquitto(tmp_path / "m", extra=extra)) as server:
        yield server


async def test_with_certificates_on_both_sides_messages_arrive(
    secure: Server, certificates: tuple[Authority, Pair, Pair, Authority]
) -> None:
    ca, _, own, _ = certificates
    where = address(secure, ca_file=ca.cert, cert_file=own.cert, key_file=own.key)
    async with connected(where, name="t", queue=4) as link:
        await link.subscribe("t")
        await link.publish(Message("t", b"x" * 100_000))
        assert await collected(link, 1) == [Message("t", b"x" * 100_000)]


@UNCLOSED
async def test_a_broker_of_another_authority_is_not_believed(
    secure: Server, certificates: tuple[Authority, Pair, Pair, Authority]
) -> None:
    said = await complaint(address(secure, ca_file=certificates[3].cert))
    assert "its certificate is not signed by ca_file" in said
    gc.collect()


@UNCLOSED
@pytest.mark.parametrize(("valid", "cure"), [(EXPIRED, "renew its certificate"), (NOT_YET, "clock right?")])
async def test_a_broker_whose_certificate_is_out_of_date_is_not_believed(
    certificates: tuple[Authority, Pair, Pair, Authority], tmp_path: Path, valid: Days, cure: str
) -> None:
    ca = certificates[0]
    own = ca.issued("broker", valid=valid)
    extra = f"allow_anonymous true\ncertfile {own.cert}\nkeyfile {own.key}\n"
    with running(mosquitto(tmp_path / "m", extra=extra)) as server:
        assert cure in await complaint(address(server, ca_file=ca.cert))
    gc.collect()


@UNCLOSED
async def test_a_broker_under_another_name_is_not_believed(
    secure: Server, certificates: tuple[Authority, Pair, Pair, Authority]
) -> None:
    said = await complaint(Broker(host="localhost", port=secure.port, ca_file=certificates[0].cert))
    assert "or is for another host name" in said
    gc.collect()


async def test_without_the_certificate_that_the_broker_asks_for_it_is_lost(
    secure: Server, certificates: tuple[Authority, Pair, Pair, Authority], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "_TIMEOUT", 1)
    said = await complaint(address(secure, ca_file=certificates[0].cert))
    assert "check the network, and the certificates if TLS is on" in said


@UNCLOSED
async def test_tls_to_a_plain_port_says_so(
    broker: Server, certificates: tuple[Authority, Pair, Pair, Authority]
) -> None:
    said = await complaint(address(broker, ca_file=certificates[0].cert))
    assert "does this port speak TLS (with ca_file) or plain MQTT (without)?" in said
    gc.collect()


async def test_plain_to_a_tls_port_is_lost(secure: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "_TIMEOUT", 0.3)
    said = await complaint(address(secure))
    assert "the certificates if TLS is on" in said or "does this port speak TLS" in said
    await everybody_else()


async def test_a_missing_authority_is_named(broker: Server, tmp_path: Path) -> None:
    assert f"ca_file {tmp_path}/none cannot be used" in await complaint(address(broker, ca_file=tmp_path / "none"))
