"""What a traced life did to its folder, in order: writes, lengths, names, syncs, and what it said in between."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

_LINE = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+|\?)(.*)$")
_FILE = re.compile(r"^(\d+)<([^>]*)>(\(deleted\))?")
_TEXT = re.compile(r'"([^"]*)"')


class Kind(Enum):
    """What was done."""

    WRITE = auto()
    LENGTH = auto()
    CREATE = auto()
    REMOVE = auto()
    RENAME = auto()
    SYNC = auto()
    SYNC_FAILED = auto()
    SYNC_FOLDER = auto()
    SAY = auto()


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing done to a file of the folder, or said."""

    kind: Kind
    name: str = ""
    at: int = 0
    data: bytes = b""
    to: str = ""


def deeds(trace: Path, folder: Path) -> list[Deed]:
    """Return what a trace tells of the folder; shared memory dies with the power and is left out."""
    found = []
    with trace.open(encoding="ascii") as lines:
        for line in lines:
            said = _LINE.match(line)
            if said is not None:
                found += [d for d in _deeds(said, folder) if not d.name.endswith(("-shm", ".lock", ".trace"))]
    return found


def _deeds(said: re.Match[str], folder: Path) -> Iterator[Deed]:
    call, arguments, answer, more = said.groups()
    if call in _ON_DESCRIPTORS:
        yield from _on_descriptor(call, arguments, answer, more, folder)
    elif call in ("openat", "unlink", "rename") and not answer.startswith("-"):
        yield from _on_names(call, arguments, folder)


_ON_DESCRIPTORS = ("write", "pwrite64", "ftruncate", "fallocate", "fdatasync", "fsync")


def _on_descriptor(call: str, arguments: str, answer: str, more: str, folder: Path) -> Iterator[Deed]:
    file = _FILE.match(arguments)
    if file is None or file[3]:
        return
    path = Path(_plain(file[2]).decode(errors="replace"))
    if call == "write" and file[1] == "1":
        yield Deed(Kind.SAY, data=_data(arguments)[: int(answer)])
    elif path == folder and call.endswith("sync") and answer == "0" and "INJECTED" not in more:
        yield Deed(Kind.SYNC_FOLDER)
    elif path.parent == folder:
        yield from _on_file(call, arguments, answer, more, path.name)


def _on_file(call: str, arguments: str, answer: str, more: str, name: str) -> Iterator[Deed]:
    if call.endswith("sync"):
        if answer != "0":
            yield Deed(Kind.SYNC_FAILED, name)
        elif "INJECTED" not in more:
            yield Deed(Kind.SYNC, name)
    elif answer.startswith("-") or answer == "?":
        return
    elif call == "pwrite64":
        yield Deed(Kind.WRITE, name, int(arguments.rsplit(", ", 1)[1]), _data(arguments)[: int(answer)])
    elif call == "ftruncate":
        yield Deed(Kind.LENGTH, name, int(arguments.rsplit(", ", 1)[1]))
    else:
        raise NotImplementedError(f"a power cut in {call} on {name} is not modelled")


def _on_names(call: str, arguments: str, folder: Path) -> Iterator[Deed]:
    paths = [Path(_plain(text).decode(errors="replace")) for text in _TEXT.findall(arguments)]
    here = [path for path in paths if path.parent == folder]
    if not here:
        return
    if call == "openat" and "O_CREAT" in arguments:
        yield Deed(Kind.CREATE, here[0].name)
        if "O_TRUNC" in arguments:
            yield Deed(Kind.LENGTH, here[0].name, 0)
    elif call == "unlink":
        yield Deed(Kind.REMOVE, here[0].name)
    elif call == "rename":
        yield Deed(Kind.RENAME, here[0].name, to=here[-1].name)


def _data(arguments: str) -> bytes:
    found = _TEXT.search(arguments)
    return _plain(found[1]) if found is not None else b""


def _plain(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else text.encode()
