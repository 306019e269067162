"""The demo's live screen on a terminal of 80 columns and 24 lines, ended by the key Ctrl-C."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

WANTED = {
    "a value with its unit": r"dust +live +PM2,5 \d+(\.\d+)? µg/m³ +PM10 \d+(\.\d+)? µg/m³ +\d+\.\d s",
    "another, with its age": r"co2 +live +CO₂ \d+ ppm +\d+\.\d s",
    "committed": r"di spool / committed +[1-9]\d* +[1-9]\d* ",
    "sent": r"terkirim / sent +[1-9]\d* ",
    "acknowledged": r"diakui / acknowledged +[1-9]\d* +[1-9]\d* ",
    "stored": r"di basis data / stored +[1-9]\d* +[1-9]\d*",
    "whose counts they are": r"Class *\r\n.*kamera / simulator +in +out",
    "a class": r"(car|lorry|motorcycle|pedestrian) +\d+ / \d+ +\d+ / \d+",
    "counted and the simulator's truth": r"total .*(\b[1-9]\d* / [1-9]\d*)",
}
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@dataclass
class Terminal:
    """The person's side of a terminal."""

    master: int
    shown: str = field(default="")
    _raw: bytes = field(default=b"")

    def look(self, seconds: float) -> bool:
        """Take in what is drawn within so many seconds; return False once the program has closed it."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            self._raw += os.read(self.master, 65536)
        except OSError:
            return False
        self.shown = _CONTROL.sub("", self._raw.decode(errors="ignore"))
        return True

    def press_ctrl_c(self) -> None:
        """Send what the key sends; the terminal makes a signal of it."""
        os.write(self.master, b"\x03")


@contextlib.contextmanager
def on_a_terminal(
    command: list[str], *, columns: int, lines: int
) -> Iterator[tuple[subprocess.Popen[bytes], Terminal]]:
    """Run a command as the foreground program of a terminal."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
    process = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment | {"TERM": "xterm-256color"},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  only then the key makes a signal
    )
    os.close(slave)
    try:
        yield process, Terminal(master)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def missing(shown: str) -> list[str]:
    return [what for what, pattern in WANTED.items() if not re.search(pattern, shown)]


def test_the_live_screen_shows_all_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hub.cli", "demo", "--folder", str(tmp_path)]
    with on_a_terminal(command, columns=80, lines=24) as (demo, terminal):
        deadline = time.monotonic() + 100
        while missing(terminal.shown):
            assert terminal.look(1.0), terminal.shown
            assert time.monotonic() < deadline, f"{missing(terminal.shown)} never shown in {terminal.shown[-4000:]}"
        assert "Ctrl-C: selesai / end" in terminal.shown
        assert "making street, sensors and agent" in terminal.shown
        terminal.press_ctrl_c()
        pressed = time.monotonic()
        while terminal.look(1.0):
            assert time.monotonic() < pressed + 15, "it does not end"
        code = demo.wait(10)
    adds_up = re.search(r"committed \d+ = stored \d+ \+ waiting \d+.*: cocok / adds up", terminal.shown)
    assert adds_up or "the agent was killed before its last figures" in terminal.shown, terminal.shown[-2000:]
    assert code == (0 if adds_up else 1)
