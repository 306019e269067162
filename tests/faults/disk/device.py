"""A block device that writes down every write and flush that reaches it, with ext4 on it; needs root, FUSE and loop.

qemu-storage-daemon's `blklogwrites` keeps the log in the format of Linux's dm-log-writes: a superblock, then for each
write or flush a sector that describes it and the sectors written.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import struct
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512
_SIZE = 24 * 1024 * 1024
_TOOLS = ("qemu-storage-daemon", "mkfs.ext4", "mount", "umount")
_NODES = ("/dev/fuse", "/dev/loop-control")
_SUPERBLOCK, _ENTRY = struct.Struct("<QQQI"), struct.Struct("<QQQQ")
_FLUSH, _DISCARD = 1, 4
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A write, or a flush where there is no data, and where in the log it ends."""

    at: int
    data: bytes
    is_flush: bool
    ends: int


def missing() -> str:
    """Return why there can be no such device here, empty if there can."""
    if os.geteuid() != 0:
        return "only root may mount a device"
    absent = [tool for tool in _TOOLS if shutil.which(tool) is None]
    absent += [node for node in _NODES if not Path(node).exists()]
    return f"{', '.join(absent)} not found" if absent else ""


def formatted(image: Path) -> None:
    """Make an empty file system."""
    image.write_bytes(bytes(_SIZE))
    lazy = "lazy_itable_init=0,lazy_journal_init=0"
    subprocess.run(["mkfs.ext4", "-q", "-F", "-E", lazy, str(image)], check=True, capture_output=True)


@contextlib.contextmanager
def logged(image: Path, log: Path) -> Iterator[Path]:
    """Offer an image as a file whose writes are logged."""
    shown = image.with_name("shown")
    for empty in (shown, log):
        empty.touch()
    command = ["qemu-storage-daemon"]
    for node in (
        f"driver=file,node-name=disk,filename={image}",
        f"driver=file,node-name=log,filename={log}",
        f"driver=blklogwrites,node-name=logged,file=disk,log=log,log-sector-size={SECTOR}",
    ):
        command += ["--blockdev", node]
    command += ["--export", f"type=fuse,id=shown,node-name=logged,mountpoint={shown},writable=on"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as daemon:
        try:
            _wait_until_shown(shown, daemon)
            yield shown
        finally:
            daemon.send_signal(signal.SIGTERM)


def _wait_until_shown(shown: Path, daemon: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _SECONDS
    while shown.stat().st_size != _SIZE:
        if daemon.poll() is not None or time.monotonic() > deadline:
            raise OSError("qemu-storage-daemon does not show the device")
        time.sleep(0.02)


@contextlib.contextmanager
def mounted(image: Path) -> Iterator[Path]:
    """Mount an image; raises OSError where that is refused."""
    at = image.with_name(f"{image.name}.mounted")
    at.mkdir(exist_ok=True)
    ran = subprocess.run(["mount", "-o", "loop", str(image), str(at)], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise OSError(ran.stderr.strip())
    try:
        yield at
    finally:
        subprocess.run(["umount", str(at)], check=True)


def entries(log: Path) -> list[Entry]:
    """Return what a log says."""
    content = log.read_bytes()
    count, size = _SUPERBLOCK.unpack_from(content)[2:]
    found, at = [], size
    for _ in range(count):
        sector, sectors, flags, _length = _ENTRY.unpack_from(content, at)
        if flags & _DISCARD:
            raise NotImplementedError("discards are not modelled")
        begin, at = at + size, at + size + sectors * SECTOR
        found.append(Entry(sector * SECTOR, content[begin:at], bool(flags & _FLUSH), at))
    return found
