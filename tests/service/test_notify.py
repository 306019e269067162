"""What systemd hears, over a socket in a folder or an abstract one, and that its absence harms nobody."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.notify import Notifier


def listening(address: str) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(address)
    sock.settimeout(5)
    return sock


@pytest.fixture(params=["notify", "user@1000.service", "@abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A service manager's socket and its name in the environment."""
    abstract = f"simpang-test-{os.getpid()}-{tmp_path.name}"
    named, address = str(tmp_path / request.param), str(tmp_path / request.param)
    if request.param == "@abstract":
        named, address = f"@{abstract}", f"\0{abstract}"
    with listening(address) as sock:
        yield sock, named


def test_systemd_hears_ready_alive_and_stopping(manager: tuple[socket.socket, str]) -> None:
    sock, named = manager
    notifier = Notifier({"NOTIFY_SOCKET": named})
    notifier.ready("3 sources")
    notifier.alive("98 readings committed – ok")
    notifier.stopping()
    assert [sock.recv(4096).decode() for _ in range(3)] == [
        "READY=1\nSTATUS=3 sources",
        "WATCHDOG=1\nSTATUS=98 readings committed – ok",
        "STOPPING=1",
    ]


def test_a_status_cannot_say_anything_but_a_status(manager: tuple[socket.socket, str]) -> None:
    sock, named = manager
    Notifier({"NOTIFY_SOCKET": named}).alive("the store says:\nMAINPID=1\r\n\n  STOPPING=1\n")
    assert sock.recv(4096).decode().split("\n") == ["WATCHDOG=1", "STATUS=the store says: MAINPID=1 STOPPING=1"]


def speak(notifier: Notifier) -> None:
    notifier.ready("x")
    notifier.alive("x")
    notifier.stopping()


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": ""}])
def test_without_systemd_nothing_is_sent(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: object) -> socket.socket:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", opened)
    speak(Notifier(environment))


def test_the_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with listening(str(tmp_path / "n")) as sock:
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "n"))
        Notifier().stopping()
        assert sock.recv(100) == b"STOPPING=1"


def test_a_manager_that_does_not_listen_ends_nobody_s_work(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    listening(str(gone)).close()
    for named in (str(gone), str(tmp_path / "never"), f"@never-{os.getpid()}", "/" + "x" * 500, str(tmp_path)):
        speak(Notifier({"NOTIFY_SOCKET": named}))
    assert gone.exists()


def test_a_status_too_long_for_a_datagram_ends_nobody_s_work(tmp_path: Path) -> None:
    with listening(str(tmp_path / "n")) as sock:
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "n")})
        notifier.alive("x" * 10_000_000)
        notifier.stopping()
        assert sock.recv(100) == b"STOPPING=1"


@pytest.mark.timeout(20)
def test_a_manager_that_does_not_read_stops_nobody_s_work(tmp_path: Path) -> None:
    with listening(str(tmp_path / "n")) as sock:
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "n")})
        for _ in range(5000):
            notifier.alive("x")
        assert sock.recv(100) == b"WATCHDOG=1\nSTATUS=x"
