"""Finds batches in a damaged spool file by what they are, not by the tree that led to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge_agent.delivery import gaps
from edge_agent.delivery.batch_table import PAGE
from edge_agent.delivery.facts import Facts
from edge_agent.delivery.pages import Pages, local_size, varint
from telemetry import batch as batches
from telemetry.batch import ZSTD_MAGIC, Batch
from telemetry.errors import BadBatch

_FURTHEST = 48
"""Bytes that a cell has at most before its document: sizes, number, level and lines."""

_LARGEST = 2 * batches.LARGEST
_ZLIB_MAGIC = b"\x78\xda"
_COLUMNS = 6
_LONGEST_NUMBER, _LONGEST_SIZE = 8, 4
_GOES_ON = 0x80

_NULL, _FIRST_BLOB = 0, 12
_WIDTHS = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)


@dataclass(frozen=True, slots=True)
class Found:
    """What of a row is intact; one that is kept only for its facts has no document."""

    batch: Batch | None
    facts: Facts | None
    is_emptied: bool


_NOTHING = Found(None, None, is_emptied=False)


@dataclass(frozen=True, slots=True)
class _Cell:
    """Where a row's record lies in its page, and how long its parts are."""

    number: int
    begin: int
    size: int
    before: int
    """Bytes before the document."""
    document: int
    facts: int


def places(pages: Pages, ordinals: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield number and place of all that looks like a batch's row in some pages, older and deleted ones included."""
    for ordinal in ordinals:
        image = pages.at(ordinal)
        for at in _signs(image):
            for begin in _beginnings(image, at):
                cell = _cell(image, begin)
                if cell is not None and cell.begin + cell.before == at:
                    yield cell.number, ordinal * PAGE + begin


def _beginnings(image: bytes, at: int) -> Iterator[int]:
    """Yield where the cell of a record may begin whose document is at a place.

    Its header, whose first byte is its length, names no type for the key (0) and three numbers, which lie between it
    and the document; before it stand the record's size and number.
    """
    for header in range(max(2, at - _FURTHEST), at - _COLUMNS):
        if image[header + 1] != _NULL or not _COLUMNS < image[header] <= at - header:
            continue
        kinds = image[header + 2 : header + 5]
        if max(kinds) < len(_WIDTHS) and header + image[header] + sum(_WIDTHS[kind] for kind in kinds) == at:
            number = min(_varints_before(image, header, _LONGEST_NUMBER), default=0)
            yield from _varints_before(image, number, _LONGEST_SIZE)


def _varints_before(image: bytes, end: int, longest: int) -> Iterator[int]:
    """Yield where a number that ends before a place may begin, the nearest first: all its bytes but the last go on."""
    if end < 1 or image[end - 1] >= _GOES_ON:
        return
    first = max(0, end - longest)
    begin = end - 1
    yield begin
    while begin > first and image[begin - 1] >= _GOES_ON:
        begin -= 1
        yield begin


def newest_facts(path: Path, begin: int) -> Facts | None:
    """Return the newest facts in a file's log from a frame on, or of them as much as a document's lines tell."""
    pages = Pages(path, PAGE)
    rows = (read(pages, place) for _, place in places(pages, pages.ordinals_of_log(begin)))
    found = (row.facts or _told_by_lines(row.batch) for row in rows)
    return max((facts for facts in found if facts is not None), key=lambda facts: facts.number, default=None)


def _told_by_lines(batch: Batch | None) -> Facts | None:
    if batch is None:
        return None
    numbered = gaps.numbered(batch.body, gaps.Cause.DAMAGED)
    return Facts(batch.number, {gap.sensor: gap.last + 1 for gap in numbered})


def read(pages: Pages, place: int) -> Found:
    """Return what is intact of the row at a place, by what its page pointed to then, or else points to now."""
    ordinal, begin = divmod(place, PAGE)
    image = pages.at(ordinal)
    cell = _cell(image, begin)
    if cell is None:
        return _NOTHING
    versions = [_found(cell, _record(image, cell, pages, moment)) for moment in pages.moments(ordinal)]
    return max(versions, key=lambda row: (row.batch is not None, row.facts is not None))


def _found(cell: _Cell, record: bytes) -> Found:
    document, facts = record[cell.before : cell.before + cell.document], record[cell.before + cell.document :]
    said = Facts.decode(facts)
    sound = said if said is not None and said.number == cell.number else None
    return Found(_decoded(cell.number, document), sound, is_emptied=not document)


def _decoded(number: int, document: bytes) -> Batch | None:
    try:
        batch = batches.decode(document)
    except BadBatch:
        return None
    return batch if batch.number == number else None


def _signs(image: bytes) -> Iterator[int]:
    """Yield where a document or facts may begin in a page."""
    for sign in (ZSTD_MAGIC, _ZLIB_MAGIC):
        at = image.find(sign)
        while at >= 0:
            yield at
            at = image.find(sign, at + 1)


def _cell(image: bytes, begin: int) -> _Cell | None:
    """Return the row whose cell begins at a place, None if none does."""
    try:
        size, at = varint(image, begin)
        number, at = varint(image, at)
        header, types_at = varint(image, at)
        types = []
        while types_at < at + header <= at + _FURTHEST:
            kind, types_at = varint(image, types_at)
            types.append(kind)
    except IndexError:
        return None
    if types_at != at + header or not _is_row(types):
        return None
    before = header + sum(_WIDTHS[kind] for kind in types[:4])
    document, facts = ((kind - _FIRST_BLOB) // 2 for kind in types[4:])
    if before + document + facts != size or size > _LARGEST:
        return None
    return _Cell(number, at, size, before, document, facts)


def _is_row(types: list[int]) -> bool:
    """Tell whether a record has the columns of a batch: its number (held as the key), three numbers, two blobs."""
    if len(types) != _COLUMNS or types[0] != _NULL:
        return False
    return all(kind < len(_WIDTHS) for kind in types[1:4]) and all(
        kind >= _FIRST_BLOB and kind % 2 == 0 for kind in types[4:]
    )


def _record(image: bytes, cell: _Cell, pages: Pages, moment: int) -> bytes:
    """Return a cell's record, followed through its overflow pages as far as they go."""
    local = local_size(cell.size, PAGE)
    whole = bytearray(image[cell.begin : cell.begin + local])
    following = int.from_bytes(image[cell.begin + local : cell.begin + local + 4], "big") if local < cell.size else 0
    while following and len(whole) < cell.size:
        page = pages.page(following, moment)
        if not page:
            break
        whole += page[4 : 4 + cell.size - len(whole)]
        following = int.from_bytes(page[:4], "big")
    return bytes(whole)
