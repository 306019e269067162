"""What a site and a command centre do wrong: a message that says what to look at, and no hot loop."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import servers
from tests.support.rig import City, wait_until
from tests.support.servers import Server, found

EMBEDDED = '[store]\nkind = "embedded"\npath = "{folder}/city.duckdb"\n'
SERIAL = '[[serial]]\nsensor = "dust"\ndriver = "sds011"\nport = "/dev/serial/by-id/nothing-here"\n'


class Deaf:
    """Takes connections and never says a word; closes them at once if told to."""

    def __init__(self, *, hang_up: bool) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.taken = 0
        self._hang_up = hang_up
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, name="deaf")
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.taken += 1
                if self._hang_up:
                    connection.close()
                else:
                    self._open.append(connection)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)
        for connection in self._open:
            connection.close()


@pytest.fixture
def hanging_up() -> Iterator[Deaf]:
    server = Deaf(hang_up=True)
    yield server
    server.close()


@pytest.fixture
def silent() -> Iterator[Deaf]:
    server = Deaf(hang_up=False)
    yield server
    server.close()


def test_an_unreachable_broker_is_named_and_readings_wait(tmp_path: Path) -> None:
    port = servers.free_port()
    with City(tmp_path / "city", port, EMBEDDED.format(folder=tmp_path), "") as city:
        wait_until(lambda: city.agent_says().get("waiting", {}).get("readings"), "a reading in the spool")
        assert "nothing listens there" in city.agent_says()["broker"]["why"]
        wait_until(lambda: "nothing listens there" in city.hub.words(), "the hub's word about the broker")
    assert city.agent.words().count("nothing listens there") == 1, "the same trouble is said once"


def test_a_broker_that_hangs_up_is_not_hammered(tmp_path: Path, hanging_up: Deaf) -> None:
    begin = time.monotonic()
    with City(tmp_path / "city", hanging_up.port, EMBEDDED.format(folder=tmp_path), ""):
        wait_until(lambda: hanging_up.taken >= 4, "four tries of agent and hub")
        taken, elapsed = hanging_up.taken, time.monotonic() - begin
    assert taken <= 2 * (elapsed + 1), "agent and hub together try more than once a second each"


def test_a_wrong_password_is_named(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run([found("mosquitto_passwd"), "-c", "-b", str(passwords), "se-1", "right"], check=True)
    (tmp_path / "secret").write_text("wrong")
    extra = f"allow_anonymous false\npassword_file {passwords}\n"
    with servers.running(servers.mosquitto(tmp_path / "broker", extra=extra)) as broker:
        city = City(tmp_path / "city", broker.port, EMBEDDED.format(folder=tmp_path), "")
        settings = tmp_path / "city" / "agent.toml"
        secret = f'username = "se-1"\npassword_file = "{tmp_path}/secret"\n'
        settings.write_text(settings.read_text().replace("[spool]", f"{secret}[spool]"))
        with city:
            wait_until(lambda: "username and password_file" in city.agent.words(), "the word about the password")


def test_a_missing_port_and_a_camera_that_never_answers_hold_up_nothing(
    tmp_path: Path, broker: Server, silent: Deaf
) -> None:
    camera = f'[[camera]]\nsensor = "cam"\nurl = "http://127.0.0.1:{silent.port}/x.mjpg"\nopen_timeout = 1\n'
    with City(tmp_path / "city", broker.port, EMBEDDED.format(folder=tmp_path), SERIAL + camera) as city:
        wait_until(lambda: silent.taken >= 2, "a second try of the camera")
        wait_until(lambda: "no answer in time" in city.source("cam").get("why", ""), "a word about the camera")
        assert "is the camera on, and are the host and port in the address right?" in city.source("cam")["why"]
        assert "/dev/serial/by-id" in city.source("dust")["why"]
        city.wait_for_delivery(1)
    words = city.agent.words()
    assert words.count("camera cam: lost: cannot be opened: no answer in time") == 1, "the same trouble is said once"
    assert "Traceback" not in words
