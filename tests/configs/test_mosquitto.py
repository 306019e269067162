"""The shipped broker configuration, run by the real Mosquitto with only its paths and ports replaced."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.broker import Broker
from service.mqtt import BrokerLost, Link, Message, connected
from telemetry.ack import LARGEST as LARGEST_ACK
from telemetry.batch import LARGEST as LARGEST_BATCH
from tests.support import servers
from tests.support.servers import Server

CONFIGS = Path(__file__).parents[2] / "configs"
CONFIG = (CONFIGS / "mosquitto.conf").read_text()
USERS = ("hub", "se-1", "se-2")
WAIT = 20.0


def settings() -> dict[str, str]:
    """Return what the configuration sets, the last word on each key."""
    lines = (line.split(None, 1) for line in CONFIG.splitlines() if line and not line.startswith("#"))
    return {line[0]: line[1] for line in lines}


@dataclass
class Site:
    """The running broker, its folder and its two ports."""

    folder: Path
    plain: int
    tls: int

    def broker(self, user: str | None, *, tls: bool = False, password_of: str | None = None) -> Broker:
        ca = self.folder / "ca.pem" if tls else None
        secret = self.folder / f"{password_of or user}.password" if user else None
        port = self.tls if tls else self.plain
        return Broker(
            host="localhost" if tls else "127.0.0.1", port=port, username=user, password_file=secret, ca_file=ca
        )


def certificate(folder: Path) -> None:
    """Make a CA and a certificate for localhost with the commands in the configuration's header."""
    servers.found("openssl")
    header = "\n".join(re.findall(r"^#   (.*)$", CONFIG, re.MULTILINE))
    (commands,) = re.findall(r"^mkdir.*?(?=^install)", header, re.MULTILINE | re.DOTALL)
    script = commands.replace("/root/simpang-ca", str(folder)).replace("mqtt.kota.example", "localhost")
    assert (script.count(str(folder)), script.count("localhost")) == (2, 2)
    subprocess.run(["sh", "-e", "-c", script], check=True, capture_output=True)


def installed(folder: Path, plain: int, tls: int) -> Path:
    """Write the shipped files with paths and ports of this test, and return the configuration's path."""
    replaced = {
        "listener 1883 127.0.0.1": f"listener {plain} 127.0.0.1",
        "listener 8883": f"listener {tls} 127.0.0.1",
        "/etc/mosquitto/certs/": f"{folder}/",
        "/etc/mosquitto/simpang": f"{folder}/simpang",
        "/var/lib/mosquitto/": f"{folder}/",
    }
    text = CONFIG
    for shipped, here in replaced.items():
        assert shipped in text
        text = text.replace(shipped, here)
    config = folder / "mosquitto.conf"
    config.write_text(f"{text}\nuser {getpass.getuser()}\n")
    (folder / "simpang.acl").write_text((CONFIGS / "mosquitto.acl").read_text())
    for number, user in enumerate(USERS):
        (folder / f"{user}.password").write_text(f"kata-sandi-{number}")
        option = ["-c"] if number == 0 else []
        subprocess.run(
            ["mosquitto_passwd", *option, "-b", folder / "simpang.passwd", user, f"kata-sandi-{number}"],
            check=True, capture_output=True,
        )  # fmt: skip
    return config


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    program = servers.found("mosquitto")
    servers.found("mosquitto_passwd")
    folder = tmp_path_factory.mktemp("mosquitto")
    plain, tls = servers.free_port(), servers.free_port()
    certificate(folder)
    command = [program, "-c", str(installed(folder, plain, tls))]
    with servers.running(Server(command, plain, servers.listens(plain), folder / "log")):
        yield Site(folder, plain, tls)


async def first(link: Link) -> tuple[str, bytes]:
    """Return the next message that a link hears."""
    async with asyncio.timeout(WAIT):
        async for message in link.messages():
            return message.topic, message.payload
    raise AssertionError("the connection ended")


def up(agent: str) -> str:
    return f"simpang/v1/simpang-empat/{agent}/up/readings"


def down(agent: str) -> str:
    return f"simpang/v1/simpang-empat/{agent}/down/ack"


async def test_the_hub_hears_every_agent_and_no_agent_speaks_as_another(site: Site) -> None:
    async with (
        connected(site.broker("hub"), name="hub", queue=10) as hub,
        connected(site.broker("se-1"), name="se-1", queue=10) as agent,
    ):
        await hub.subscribe("simpang/v1/+/+/up/readings")
        await agent.publish(Message(up("se-2"), b"spoofed"))
        await agent.publish(Message(down("se-1"), b"forged acknowledgement"))
        await agent.publish(Message("simpang/v1/simpang-empat/se-1/readings", b"beside up"))
        await agent.publish(Message(up("se-1"), b"own"))
        assert await first(hub) == (up("se-1"), b"own")


async def test_an_agent_hears_only_its_own_acknowledgements(site: Site) -> None:
    async with (
        connected(site.broker("hub"), name="hub", queue=10) as hub,
        connected(site.broker("se-2"), name="se-2", queue=10) as agent,
    ):
        for wanted in ("#", "simpang/v1/+/+/down/#", down("se-1"), up("se-1")):
            await agent.subscribe(wanted)
        await hub.publish(Message(down("se-1"), b"not yours"))
        await hub.publish(Message(down("se-2"), b"yours"))
        assert await first(agent) == (down("se-2"), b"yours")


async def test_the_hub_cannot_speak_as_an_agent(site: Site) -> None:
    async with (
        connected(site.broker("hub"), name="hub", queue=10) as hub,
        connected(site.broker("se-1"), name="se-1", queue=10) as agent,
    ):
        await hub.subscribe("simpang/v1/+/+/up/#")
        await hub.publish(Message(up("se-1"), b"invented"))
        await agent.publish(Message(up("se-1"), b"true"))
        assert await first(hub) == (up("se-1"), b"true")


async def test_hubs_share_a_subscription(site: Site) -> None:
    async with (
        connected(site.broker("hub"), name="hub-1", queue=10) as hub,
        connected(site.broker("se-1"), name="se-1", queue=10) as agent,
    ):
        await hub.subscribe("$share/hubs/simpang/v1/+/+/up/readings")
        await agent.publish(Message(up("se-1"), b"shared"))
        assert await first(hub) == (up("se-1"), b"shared")


async def test_the_largest_batch_and_acknowledgement_pass(site: Site) -> None:
    async with (
        connected(site.broker("hub"), name="hub", queue=10) as hub,
        connected(site.broker("se-1", tls=True), name="se-1", queue=10) as agent,
    ):
        await hub.subscribe("simpang/v1/+/+/up/readings")
        await agent.subscribe(down("se-1"))
        await agent.publish(Message(up("se-1"), bytes(LARGEST_BATCH)))
        assert len((await first(hub))[1]) == LARGEST_BATCH
        await hub.publish(Message(down("se-1"), bytes(LARGEST_ACK)))
        assert len((await first(agent))[1]) == LARGEST_ACK


@pytest.mark.parametrize(
    ("user", "password_of"), [(None, None), ("se-1", "se-2"), ("se-3", "se-1")], ids=["nobody", "wrong", "unknown"]
)
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
async def test_who_is_not_known_is_refused(site: Site, user: str | None, password_of: str | None, tls: bool) -> None:
    with pytest.raises(BrokerLost, match="does not accept the user name or password"):
        async with connected(site.broker(user, tls=tls, password_of=password_of), name="x", queue=1):
            pass


def plain_answer(port: int) -> bytes:
    """Return the first byte that a listener answers to a plain CONNECT, nothing if it hangs up."""
    connect = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01x"
    with contextlib.suppress(ConnectionResetError), socket.create_connection(("127.0.0.1", port), timeout=WAIT) as sock:
        sock.sendall(connect)
        return sock.recv(1)
    return b""


def test_the_network_listener_speaks_nothing_but_tls(site: Site) -> None:
    connack, tls_alert = b"\x20", b"\x15"
    assert plain_answer(site.plain) == connack
    assert plain_answer(site.tls) in (b"", tls_alert)


def test_old_tls_is_refused(site: Site) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(site.folder / "ca.pem")
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match=r"TLSv1_1 is deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match=r"TLSv1 is deprecated"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with ssl.create_connection(("127.0.0.1", site.tls), timeout=WAIT) as sock, pytest.raises(ssl.SSLError):
        context.wrap_socket(sock, server_hostname="localhost")


def test_only_loopback_is_plain() -> None:
    sections = re.split(r"^listener ", CONFIG, flags=re.MULTILINE)[1:]
    assert len(sections) == 2
    for section in sections:
        loopback = section.splitlines()[0] == "1883 127.0.0.1"
        assert loopback or re.search(r"^certfile ", section, re.MULTILINE)


def test_anonymous_is_off_and_every_bound_is_set() -> None:
    said = settings()
    assert (said["allow_anonymous"], said["per_listener_settings"]) == ("false", "false")
    assert {"password_file", "acl_file"} <= said.keys()
    assert LARGEST_BATCH < int(said["max_packet_size"]) <= 2 * LARGEST_BATCH
    bounds = ("max_connections", "max_keepalive", "max_inflight_messages", "max_queued_messages", "max_queued_bytes",
              "memory_limit")  # fmt: skip
    assert all(int(said[bound]) > 0 for bound in bounds)
    assert CONFIG.count("\nmax_connections ") == CONFIG.count("\nlistener ")


async def test_the_commands_for_certificates_make_some_that_agents_trust_however_strict(site: Site) -> None:
    context = ssl.create_default_context(cafile=str(site.folder / "ca.pem"))
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on
    with socket.create_connection(("127.0.0.1", site.tls), timeout=WAIT) as sock:
        context.wrap_socket(sock, server_hostname="localhost").close()
    with (
        socket.create_connection(("127.0.0.1", site.tls), timeout=WAIT) as sock,
        pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"),
    ):
        context.wrap_socket(sock, server_hostname="mqtt.example")
    assert (site.folder / "server.key").stat().st_mode & 0o077 == 0


def test_without_its_five_settings_the_network_listener_and_its_certificates_are_gone(tmp_path: Path) -> None:
    plain = servers.free_port()
    config = installed(tmp_path, plain, servers.free_port())
    lines = config.read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if re.match(r"listener \d+", line) and str(plain) not in line)
    end = next(i for i, line in enumerate(lines) if line.startswith("tls_version "))
    off = [i for i in range(start, end + 1) if not lines[i].startswith("#")]
    assert len(off) == 5
    config.write_text("\n".join(f"#{line}" if i in off else line for i, line in enumerate(lines)) + "\n")
    command = [servers.found("mosquitto"), "-c", str(config)]
    with servers.running(Server(command, plain, servers.listens(plain), tmp_path / "log")):
        assert plain_answer(plain) == b"\x20"


async def test_an_empty_access_list_lets_nobody_speak(tmp_path: Path) -> None:
    plain, tls = servers.free_port(), servers.free_port()
    certificate(tmp_path)
    config = installed(tmp_path, plain, tls)
    (tmp_path / "simpang.acl").write_text("")
    command = [servers.found("mosquitto"), "-v", "-c", str(config)]
    with servers.running(Server(command, plain, servers.listens(plain), tmp_path / "log")):
        closed = Site(tmp_path, plain, tls)
        for user, topic in (("se-1", up("se-1")), ("hub", down("se-1"))):
            async with connected(closed.broker(user), name=user, queue=10) as link:
                await link.publish(Message(topic, b"own"))
            assert f"Denied PUBLISH from {user} " in (tmp_path / "log").read_text()
