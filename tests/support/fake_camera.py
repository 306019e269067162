"""A camera's process played for tests: the address that it is given says how it behaves."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any


def _say(**said: object) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def _counted(count: int, *, at: int | None = None) -> None:
    labels = {"line": "l1", "direction": "in", "class": "car"}
    said = {"family": "crossing", "values": {"count": count}, "labels": labels, "quality": 0}
    _say(kind="measurement", at=time.monotonic_ns() if at is None else at, **said)


def _for_ever() -> None:
    while True:
        time.sleep(60)


def speaks(_: dict[str, Any]) -> None:
    """Say all there is to say, wait for the end and say a last word."""
    _say(kind="state", state="streaming", why="")
    _say(kind="beat", frames=42, frame_age=1.5)
    _counted(1)
    _counted(1)
    sys.stdin.read()
    _counted(1)


def echoes(said: dict[str, Any]) -> None:
    """Say what was said."""
    _say(kind="state", state="streaming", why=json.dumps(said))
    sys.stdin.read()


def environs(_: dict[str, Any]) -> None:
    """Say the environment."""
    _say(kind="state", state="streaming", why=json.dumps(dict(os.environ)))
    sys.stdin.read()


def hangs(_: dict[str, Any]) -> None:
    """Say one thing and then nothing."""
    _counted(1)
    _for_ever()


def deaf(_: dict[str, Any]) -> None:
    """Hang, and hear no request to end."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    hangs(_)


def mute(_: dict[str, Any]) -> None:
    """Close the line and go on living."""
    os.close(1)
    _for_ever()


def dies(_: dict[str, Any]) -> None:
    """Say one thing and die."""
    _counted(1)
    sys.exit(3)


def killed(_: dict[str, Any]) -> None:
    """Die as a decoder does that touches what is not its own."""
    os.kill(os.getpid(), signal.SIGSEGV)


def crashes(_: dict[str, Any]) -> None:
    """Live, and crash without having measured anything."""
    _say(kind="state", state="live", why="640 x 480")
    os.kill(os.getpid(), signal.SIGSEGV)


def ends(_: dict[str, Any]) -> None:
    """Come to the end of a file."""
    _counted(1)


def rambles(_: dict[str, Any]) -> None:
    """Never come to the end of a line."""
    sys.stdout.write("x" * 200_000)
    sys.stdout.flush()
    _for_ever()


def early(_: dict[str, Any]) -> None:
    """Take a picture long after the end of time."""
    _counted(1, at=10**30)
    _for_ever()


def says(said: dict[str, Any]) -> None:
    """Say what the address holds, as it is."""
    sys.stdout.write(said["url"].partition(" ")[2] + "\n")
    sys.stdout.flush()
    _for_ever()


if __name__ == "__main__":
    heard = json.loads(sys.stdin.readline())
    globals()[heard["url"].removeprefix("/").partition(" ")[0]](heard)
