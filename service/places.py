"""Finds the line of each key in a TOML text, which the standard parser does not tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

Place = tuple[str | int, ...]

_TABLE = re.compile(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*")
_KEY = re.compile(r"([A-Za-z0-9_\-.\"' \t]+)=")
_TEXT = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*',
    re.DOTALL,
)
_BRACKETS = str.maketrans("[]{}=", "_____")


def lines_of_keys(text: str) -> Mapping[Place, int]:
    """Return the line, counted from 1, of each table and key; array elements carry their index."""
    found: dict[Place, int] = {}
    table: Place = ()
    elements: Counter[Place] = Counter()
    depth = 0
    for number, line in enumerate(_TEXT.sub(_blank, text).split("\n"), start=1):
        outside = depth == 0
        depth += line.count("[") + line.count("{") - line.count("]") - line.count("}")
        if outside and (heading := _TABLE.fullmatch(line)):
            table = _path(heading[2], elements)
            if heading[1] == "[[":
                elements[table] += 1
                table = (*table, elements[table] - 1)
            found.setdefault(table, number)
        elif outside and (key := _KEY.match(line)):
            found.setdefault((*table, *_names(key[1])), number)
    return found


def _blank(text: re.Match[str]) -> str:
    """Return a comment or string without what could be mistaken for structure, line feeds kept."""
    if text[0].startswith(("#", '"""', "'''")):
        return "\n" * text[0].count("\n")
    return text[0].translate(_BRACKETS)


def line_of(place: Place, keys: Mapping[Place, int]) -> int:
    """Return the line of a place or of what holds it; 1 for the file itself."""
    while place and place not in keys:
        place = place[:-1]
    return keys.get(place, 1)


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip(" \t\"'") for part in dotted.split("."))


def _path(dotted: str, elements: Counter[Place]) -> Place:
    """Return a heading's place: below an array of tables it belongs to the newest element."""
    *parents, last = _names(dotted)
    place: Place = ()
    for name in parents:
        place = (*place, name)
        if elements[place]:
            place = (*place, elements[place] - 1)
    return (*place, last)
