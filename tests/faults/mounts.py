"""Small disks for faults: a tmpfs that fills, an ext4 that turns read-only; they need root and say so."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.case import NotRun


def run(*command: str) -> None:
    """Run a command; raises NotRun with its words."""
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise NotRun(f"{command[0]} is not here") from error
    except subprocess.CalledProcessError as error:
        raise NotRun(f"`{' '.join(command[:4])}` is refused: {error.stderr.strip()[:120]}") from error


@contextmanager
def tmpfs(folder: Path, megabytes: int) -> Iterator[Path]:
    """Yield a disk in memory of a size."""
    folder.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


@contextmanager
def ext4(folder: Path, image: Path, megabytes: int) -> Iterator[Path]:
    """Yield an ext4 of its own on a loop device, that turns read-only upon an error."""
    folder.mkdir(parents=True, exist_ok=True)
    image.parent.mkdir(parents=True, exist_ok=True)
    with image.open("wb") as file:
        file.truncate(megabytes * 1024 * 1024)
    run("mkfs.ext4", "-q", "-O", "^has_journal", str(image))
    run("mount", "-o", "loop,errors=remount-ro", str(image), str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def device(folder: Path) -> str:
    """Return the name of the block device that is mounted on a folder."""
    lines = Path("/proc/mounts").read_text().splitlines()
    return next(line.split()[0] for line in lines if line.split()[1] == str(folder)).rsplit("/", 1)[-1]


def turn_read_only(folder: Path) -> None:
    """Have the kernel find an error in a file system, after which nobody may write to it."""
    trigger = Path(f"/sys/fs/ext4/{device(folder)}/trigger_fs_error")
    try:
        trigger.write_text("a fault case\n")
    except OSError as error:
        raise NotRun(f"{trigger.name} is refused: {error}") from error


def mount_anew(folder: Path, image: Path) -> None:
    """Do what the next boot does: let go, check and mount again. A kernel that found an error never writes before."""
    run("umount", "-l", str(folder))
    subprocess.run(["e2fsck", "-fy", str(image)], check=False, capture_output=True)
    run("mount", "-o", "loop,errors=remount-ro", str(image), str(folder))


def fill(folder: Path, *, leave: int = 0) -> Path:
    """Fill a disk to the last byte, but for what is to be left, and return the file that does."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
        if leave:
            file.truncate(max(0, file.tell() - leave))
    return ballast
