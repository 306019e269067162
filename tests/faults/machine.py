"""Faults of the machine around a program: packets lost by the kernel, a file system that refuses; they need root."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.faults.case import NotRun
from tests.faults.mounts import run

_ATTACHED_SECONDS = 10.0
_WRITES = "pwrite64,write,ftruncate,fdatasync,fsync,unlink,rename"


@contextmanager
def packets_lost(port: int, *, of_a_hundred: int) -> Iterator[None]:
    """Lose packets to and from a port of this machine, at random."""
    table = f"simpang_{os.getpid()}"
    lost = f"numgen random mod 100 < {of_a_hundred} drop"
    rules = f"type filter hook output priority 0\ntcp dport {port} {lost}\ntcp sport {port} {lost}\n"
    run("nft", f"table inet {table} {{\nchain out {{\n{rules}}}\n}}")
    try:
        yield
    finally:
        run("nft", "delete", "table", "inet", table)


@contextmanager
def read_only(pid: int, files: Sequence[Path]) -> Iterator[None]:
    """Have the kernel refuse a running process every write to some files, as on a file system that is read-only."""
    command = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={_WRITES}", "-e", f"inject={_WRITES}:error=EROFS"]
    command += [part for file in files for part in ("-P", str(file))]
    try:
        tracer = subprocess.Popen([*command, "-p", str(pid)], stderr=subprocess.PIPE, text=True)
    except FileNotFoundError as error:
        raise NotRun("strace is not here") from error
    try:
        _wait_until_attached(pid, tracer)
        yield
    finally:
        tracer.terminate()
        tracer.communicate(timeout=_ATTACHED_SECONDS)


def _wait_until_attached(pid: int, tracer: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + _ATTACHED_SECONDS
    while not _is_traced(pid):
        if tracer.poll() is not None or time.monotonic() > deadline:
            raise NotRun(f"strace may not trace here: {tracer.stderr.read()[-120:] if tracer.stderr else ''}")
        time.sleep(0.05)


def _is_traced(pid: int) -> bool:
    """Tell whether every thread of a process is traced."""
    states = [file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/status")]
    return all("TracerPid:\t0\n" not in state for state in states)
