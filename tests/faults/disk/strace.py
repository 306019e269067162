"""Runs a life under strace, which kills, refuses or delays chosen system calls and writes down what was written."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

DURABLE = (
    "write", "pwrite64", "pwritev", "fdatasync", "fsync", "sync_file_range", "ftruncate", "fallocate", "rename",
    "unlink", "openat",
)  # fmt: skip
"""The system calls that change or secure what is on a disk."""

_WHOLE = 1_000_000
_SUFFIXES = ("", "-wal", "-journal", "-shm", ".lock")
_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Ran:
    """What a life said, how it ended, and its trace."""

    said: list[bytes]
    status: int
    errors: str
    trace: Path

    @property
    def was_killed(self) -> bool:
        """Tell whether a signal ended it."""
        return self.status in (137, -9)


def missing() -> str:
    """Return why nothing can be traced here, empty if it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else f"strace may not trace here: {tried.stderr.decode().strip()}"


def run(path: Path, life: Sequence[str] = (), *, calls: Sequence[str] = DURABLE, inject: Sequence[str] = (),
        only: Sequence[Path] = (), whole: bool = False) -> Ran:  # fmt: skip
    """Live a life on a spool; `only` limits trace and injection to some files, `whole` writes all bytes down."""
    trace = path.with_name(path.name + ".trace")
    command = ["strace", "-f", "-qq", "-y", "-o", str(trace), "-e", "signal=none", "-e", f"trace={','.join(calls)}"]
    command += [part for fault in inject for part in ("-e", f"inject={fault}")]
    command += [part for file in only for part in ("-P", str(file))]
    command += ["-xx", "-s", str(_WHOLE)] if whole else ["-s", "0"]
    ran = subprocess.run([*command, *live(path, life)], capture_output=True, check=False, timeout=_SECONDS)
    return Ran(ran.stdout.splitlines(), ran.returncode, ran.stderr.decode(errors="replace"), trace)


def live(path: Path, life: Sequence[str]) -> list[str]:
    """Return the command that lives a life."""
    return [sys.executable, "-B", "-m", "tests.faults.disk.life", str(path), *life]


def files(path: Path) -> list[Path]:
    """Return all files of a spool, and their folder."""
    return [*(path.with_name(path.name + suffix) for suffix in _SUFFIXES), path.parent]


def counted(ran: Ran) -> Iterator[tuple[str, int]]:
    """Yield how often each system call was made in a trace."""
    lines = ran.trace.read_text(encoding="utf-8").splitlines()
    for call in DURABLE:
        count = sum(f" {call}(" in line for line in lines)
        if count:
            yield call, count
