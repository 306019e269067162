"""What a damaged spool still holds: nothing false, nothing twice, no sound batch lost, and every hole told exactly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from edge_agent.clock import Stamp
from edge_agent.delivery import carving
from edge_agent.delivery.batch_table import PAGE
from edge_agent.delivery.pages import Pages
from edge_agent.delivery.salvage import Wreck
from edge_agent.delivery.spool import Spool
from edge_agent.errors import SpoolDamaged
from edge_agent.taken import Taken
from telemetry.quantity import Family
from telemetry.reading import Measurement
from tests.support.spooling import STAMP, Row, accounted, all_rows, opened, rows_in, rows_of, taken

_DELIVERED = 4
_LATER_MS = 900_000
_Damage = Callable[[bytearray], None]


@dataclass(slots=True)
class Image:
    """A spool file, every row that was ever committed to it, and what is due from it."""

    data: bytes = b""
    committed: dict[tuple[str, int], Row] = field(default_factory=dict)
    delivered: list[Row] = field(default_factory=list)
    rows: dict[int, list[Row]] = field(default_factory=dict)
    """What waits, by batch."""
    next_seq: Counter[str] = field(default_factory=Counter)
    places: dict[int, int] = field(default_factory=dict)
    """Where each row's cell begins."""
    newest_pages: set[int] = field(default_factory=set)


class After(NamedTuple):
    """What a damaged spool holds after it was opened and took a commit."""

    rows: list[Row]
    next_seq: Counter[str]
    starts: int


def _stamp(milliseconds: int) -> Stamp:
    return Stamp(STAMP.wall_ms + milliseconds, STAMP.monotonic_ns + milliseconds * 10**6)


def _folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)


def _second(step: int) -> list[Taken]:
    at = STAMP.monotonic_ns + step * 4 * 10**9
    said = [taken(step + 0.5, at=at), taken(step + 0.25, at=at), taken(step / 7, "co2", at=at)]
    if step % 3 == 0:
        said.append(Taken("agent", Measurement(Family.HEALTH, {"cpu": float(step % 90)}), at))
    if step % 2:
        said.append(Taken("cam", Measurement(Family.CROSSING, {"count": 1}, {"line": "north"}), at))
    return said


def _look(image: Image, spool: Spool) -> None:
    """Note what has been committed."""
    image.rows = {
        number: rows_of(payload)
        for number, payload in spool._file.db.execute("SELECT number, payload FROM batch WHERE lines > 0")
    }
    image.committed |= {(r.sensor, r.seq): r for rows in image.rows.values() for r in rows}
    image.next_seq = Counter(spool._shelf.books.next_seq)


def _made(steps: int, quota: int) -> Image:
    image = Image()
    with _folder() as folder:
        path = Path(folder) / "spool"
        spool = opened(path, quota=quota, batch_readings=50)
        for step in range(steps):
            spool.commit(_second(step), _stamp(step * 4_000))
            _look(image, spool)
            if step in (_DELIVERED, _DELIVERED + 1, steps // 2):
                number = spool.after(0, limit=1)[0]
                image.delivered += rows_in(spool, number)
                spool.forget(number)
                spool._lent.clear()
        spool.close()
        spool = opened(path, quota=quota, batch_readings=50)
        _look(image, spool)
        spool.close()
        image.data = path.read_bytes()
        image.places = _places(path)
        image.newest_pages = _newest_pages(image.data, image.places)
    return image


def _places(path: Path) -> dict[int, int]:
    """Return where each row lies."""
    pages = Pages(path, PAGE)
    return dict(carving.places(pages, pages.ordinals()))


def _newest_pages(data: bytes, places: dict[int, int]) -> set[int]:
    """Return the pages that the newest row takes."""
    begin = places[max(places)]
    cell = carving._cell(data[begin // PAGE * PAGE :][:PAGE], begin % PAGE)
    assert cell is not None
    at = begin // PAGE * PAGE + cell.begin + carving.local_size(cell.size, PAGE)
    found, left = {begin // PAGE + 1}, cell.size - carving.local_size(cell.size, PAGE)
    while left > 0:
        page = int.from_bytes(data[at : at + 4], "big")
        found.add(page)
        at, left = (page - 1) * PAGE, left - (PAGE - 4)
    return found


@cache
def _plain() -> Image:
    """Whole batches only; the oldest are delivered."""
    return _made(16, 10**9)


@cache
def _layered() -> Image:
    """Thinned and stripped batches too, and gap readings."""
    image = _made(150, 14_000)
    assert any(r.family == "gap" for rows in image.rows.values() for r in rows)
    return image


def _after(image: Image, damage: _Damage) -> After:
    """Damage the file, open it, and see what comes of it."""
    data = bytearray(image.data)
    damage(data)
    with _folder() as folder:
        path = Path(folder) / "spool"
        path.write_bytes(data)
        for starts in range(1, 4):
            spool = opened(path)
            try:
                for number in spool.after(0, limit=10**6):
                    spool.payload(number)
                spool.commit([], _stamp(_LATER_MS))
                return After(all_rows(spool), Counter(spool._shelf.books.next_seq), starts)
            except SpoolDamaged:
                continue
            finally:
                spool.close()
    raise AssertionError("the third start found damage again")


def _see_nothing_false(image: Image, after: After) -> None:
    numbers = Counter((r.sensor, r.seq) for r in after.rows)
    assert not [key for key, count in numbers.items() if count > 1], "a number stands twice"
    readings = [r for r in after.rows if r.family != "gap"]
    assert not [r for r in readings if image.committed.get((r.sensor, r.seq)) != r], "a false reading"
    delivered = {(r.sensor, r.seq) for r in image.delivered}
    assert not [r for r in readings if (r.sensor, r.seq) in delivered], "a delivered batch came back"


def _see_told(image: Image, after: After) -> None:
    """Every number of every sensor is delivered, waits, or is in a gap, and none is given again."""
    assert after.next_seq >= image.next_seq
    assert accounted([*after.rows, *image.delivered]) == after.next_seq


def _lost(image: Image, after: After) -> set[int]:
    """Return the batches of which a reading is missing."""
    have = {(r.sensor, r.seq) for r in after.rows}
    return {number for number, rows in image.rows.items() if any((r.sensor, r.seq) not in have for r in rows)}


def _flipped(at: int, bit: int) -> _Damage:
    def flip(data: bytearray) -> None:
        data[at] ^= bit

    return flip


def _zeroed(page: int) -> _Damage:
    def zero(data: bytearray) -> None:
        data[(page - 1) * PAGE : page * PAGE] = bytes(PAGE)

    return zero


def test_any_flipped_bit_costs_its_batch_alone_and_is_told_exactly():
    image = _plain()
    for at in range(0, len(image.data), 53):
        after = _after(image, _flipped(at, 1 << at % 8))
        _see_nothing_false(image, after)
        assert len(_lost(image, after)) <= 1, at
        if at // PAGE + 1 not in image.newest_pages:
            _see_told(image, after)


def test_a_flipped_bit_anywhere_before_a_batch_s_document_is_told_exactly():
    """Sizes, number, level and lines: the bytes that no check sum covers."""
    image = _plain()
    for number in sorted(image.rows)[2:9:3]:
        for at in range(image.places[number], image.places[number] + 12):
            for bit in (1, 2, 8, 64):
                after = _after(image, _flipped(at, bit))
                _see_nothing_false(image, after)
                _see_told(image, after)
                assert len(_lost(image, after)) <= 1, (number, at, bit)


@pytest.mark.parametrize("bit", [4, 16, 64])
def test_a_batch_that_a_damaged_tree_hides_is_found_all_the_same(bit: int):
    """A scan of the leaves names it, a search by its number ends elsewhere: it would be neither sent nor told."""
    image = _plain()
    for page in {place // PAGE for place in image.places.values()}:
        after = _after(image, _flipped(page * PAGE + 4, bit))
        _see_nothing_false(image, after)
        if page + 1 not in image.newest_pages:
            assert not _lost(image, after)


@pytest.mark.parametrize("image", [_plain, _layered])
def test_any_zeroed_page_makes_no_reading_and_brings_none_back(image: Callable[[], Image]):
    made = image()
    pages = range(1, len(made.data) // PAGE + 1)
    for page in [page for page in pages if page not in made.newest_pages]:
        _see_nothing_false(made, _after(made, _zeroed(page)))


def test_any_zeroed_page_of_whole_batches_is_told_exactly():
    image = _plain()
    for page in range(1, len(image.data) // PAGE + 1):
        if page not in image.newest_pages:
            _see_told(image, _after(image, _zeroed(page)))


def test_the_newest_batch_is_kept_though_its_facts_are_damaged():
    """What its commit deleted may be told as missing though it was delivered: only its facts said so."""
    image = _plain()
    newest = max(image.rows)
    facts = image.data.rindex(b"\x78\xda", image.places[newest], image.places[newest] + PAGE)
    after = _after(image, _flipped(facts + 9, 4))
    _see_nothing_false(image, after)
    assert not _lost(image, after)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9])
def test_a_file_cut_short_makes_nothing_false(share: float):
    image = _plain()
    after = _after(image, lambda data: data.__delitem__(slice(int(len(data) * share), None)))
    assert all(image.committed[r.sensor, r.seq] == r for r in after.rows if r.family != "gap")
    assert after.starts <= 2


def test_without_its_first_page_every_batch_is_found():
    image = _layered()
    _see_nothing_false(image, _after(image, lambda data: data.__delitem__(slice(PAGE))))
    after = _after(image, _zeroed(1))
    _see_nothing_false(image, after)
    _see_told(image, after)
    assert not _lost(image, after)


def test_a_wreck_is_read_from_any_batch_on_alike(tmp_path: Path):
    image = _layered()
    path = tmp_path / "spool"
    path.write_bytes(image.data)
    wreck = Wreck(path)
    whole = list(wreck.saved())
    assert [one.number for one in whole if one.body is not None] == sorted(image.rows)
    middle = whole[len(whole) // 2].number
    assert list(wreck.saved(middle)) == [one for one in whole if one.number > middle]
    assert not any(one.missing for one in whole), "nothing is missing of a sound file"
