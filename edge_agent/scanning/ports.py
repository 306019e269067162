"""The serial ports of this computer under names that stay, and who holds one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_DEV = Path("/dev")
_PROC = Path("/proc")
_ON_BOARD = ("serial0", "serial1", "ttyAMA*", "ttyS*[0-9]")


def ports(dev: Path = _DEV) -> list[str]:
    """Return each port once: by its identity where that is unique, else by the socket that it is plugged into."""
    named: dict[Path, str] = {}
    for folder in ("serial/by-id", "serial/by-path"):
        for link in sorted((dev / folder).glob("*")):
            if link.exists():
                named.setdefault(link.resolve(), str(link))
    for pattern in _ON_BOARD:
        for port in sorted(dev.glob(pattern)):
            if _is_real(port):
                named.setdefault(port.resolve(), str(port))
    return list(named.values())


def _is_real(port: Path) -> bool:
    """Tell whether a port of the board exists; the kernel lists four of a PC's that mostly do not."""
    if not port.name.startswith("ttyS"):
        return port.exists()
    try:
        kind = (Path("/sys/class/tty") / port.name / "type").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return False
    return kind != "0"


def holders(port: str, proc: Path = _PROC) -> list[str]:
    """Return who has a port open, as far as this user may see: the program and its process id."""
    meant = str(Path(port).resolve())
    return [f"{_program(process)} ({process.name})" for process in _processes(proc) if meant in _opened(process)]


def _processes(proc: Path) -> Iterator[Path]:
    return (process for process in proc.iterdir() if process.name.isdigit())


def _opened(process: Path) -> set[str]:
    found: set[str] = set()
    try:
        for descriptor in (process / "fd").iterdir():
            found.add(str(descriptor.readlink()))
    except OSError:
        return found
    return found


def _program(process: Path) -> str:
    try:
        return (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "a program"
