"""A full spool: what it gives up and in which order, that every number is accounted for, that it stays in bounds."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from edge_agent.clock import Stamp
from edge_agent.delivery.batch_table import PAGE, Level
from edge_agent.delivery.room import OLDEST_FIRST, Policy
from edge_agent.delivery.spool import Spool
from edge_agent.errors import SpoolUnwritable
from edge_agent.taken import Taken
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Measurement
from tests.support.spooling import STAMP, Row, accounted, all_rows, killed, opened, rows_in

_MEMORY = Path("/dev/shm")
_KINDS = {
    "dust": Measurement(Family.AIR, {"pm2_5": 12.5}),
    "dust-2": Measurement(Family.AIR, {"pm10": 20.5}),
    "mic": Measurement(Family.NOISE, {"laeq": 61.5}),
    "agent": Measurement(Family.HEALTH, {"cpu": 3.5}),
    "scene": Measurement(Family.SCENE, {"measurable": 1}),
    "cam": Measurement(Family.CROSSING, {"count": 1}, {"line": "north"}),
    "cam-2": Measurement(Family.TRAFFIC, {"count": 12}, {"line": "north"}),
}
_LASTING = ("crossing", "traffic")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def _at(second: float) -> int:
    return STAMP.monotonic_ns + round(second * 10**9)


def _stamp(second: float) -> Stamp:
    return Stamp(STAMP.wall_ms + round(second * 1000), _at(second))


def _commit(spool: Spool, second: float, sensors: Iterable[str]) -> int | None:
    return spool.commit([Taken(name, _KINDS[name], _at(second)) for name in sensors], _stamp(second))


def _look(spool: Spool) -> list[Row]:
    """Return what waits, and give nothing out by it."""
    rows = all_rows(spool)
    spool._lent.clear()
    return rows


def _next_seq(spool: Spool) -> Counter[str]:
    return Counter(spool._shelf.books.next_seq)


def _pressed(path: Path, *, quota: int, seconds: int, policy: Policy | None = None) -> Spool:
    """Return a spool that took a reading of every kind each second."""
    spool = opened(path, quota=quota, policy=policy, batch_readings=100)
    for second in range(seconds):
        _commit(spool, second, _KINDS)
    return spool


class RoomModel(RuleBasedStateMachine):
    """Readings of many kinds come, batches are lent, delivered and given up, the spool ends and crashes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=_MEMORY if _MEMORY.is_dir() else None))
        self.lives = 0
        self.second = 0.0
        self.delivered: dict[tuple[str, int], Row] = {}
        self.came_back = False

    @initialize(
        quota=st.sampled_from([2_000, 5_000, 12_000]),
        policy=st.sampled_from([Policy(), Policy(thin=False), OLDEST_FIRST]),
        batch_readings=st.sampled_from([6, 100]),
    )
    def begin(self, quota: int, policy: Policy, batch_readings: int) -> None:
        self.quota, self.policy, self.most = quota, policy, batch_readings
        self.spool = self._open()

    def _open(self) -> Spool:
        path = self.folder / f"spool-{self.lives}"
        return opened(path, quota=self.quota, policy=self.policy, batch_readings=self.most)

    def teardown(self) -> None:
        if hasattr(self, "spool"):
            self.spool.close()
        shutil.rmtree(self.folder)

    @rule(
        sensors=st.lists(st.sampled_from(list(_KINDS)), max_size=8),
        pause=st.sampled_from([0.1, 1, 20, 70, -30]),
        times=st.integers(1, 6),
    )
    def commit(self, sensors: list[str], pause: float, times: int) -> None:
        for _ in range(times):
            self.second = max(0, self.second + pause)
            _commit(self.spool, self.second, sensors)
            self._see_bounds()

    def _see_bounds(self) -> None:
        """Beyond the quota there is at most what the newest commit made, and a page for each of its rows."""
        rows = -(-3 * len(_KINDS) // self.most) + 1
        held = self.spool.held
        assert held.bytes <= self.quota + rows * PAGE or held.batches <= rows

    @rule(data=st.data(), count=st.integers(1, 4))
    def hub_acknowledges(self, data: st.DataObject, count: int) -> None:
        for number in self.spool.after(0, limit=count):
            rows = rows_in(self.spool, number)
            if data.draw(st.booleans()):
                self.spool.forget(number)
                self.delivered |= {(r.sensor, r.seq): r for r in rows}

    @rule()
    def end_and_start(self) -> None:
        self.spool.close()
        self.spool = self._open()

    @rule()
    def crash_and_start(self) -> None:
        old = self.folder / f"spool-{self.lives}"
        self.lives += 1
        killed(old, self.folder / f"spool-{self.lives}")
        forgotten = set(self.spool._forgotten)
        self.spool.close()
        self.spool = self._open()
        assert self.spool.damaged is None
        self.came_back = self.came_back or bool(forgotten & set(self.spool.after(0, limit=10**6)))

    @invariant()
    def every_number_is_accounted_for(self) -> None:
        lent = set(self.spool._lent)
        known = dict(self.delivered)
        for r in _look(self.spool):
            assert known.setdefault((r.sensor, r.seq), r) == r
        self.spool._lent.update(lent)
        told = accounted(known.values())
        for sensor, numbers in self.spool._shelf.books.next_seq.items():
            assert told[sensor] == numbers or (self.came_back and told[sensor] > numbers), sensor

    @invariant()
    def what_is_held_is_what_is_there(self) -> None:
        counted = "SELECT count(*), coalesce(sum(lines), 0), coalesce(sum(size), 0) FROM batch WHERE lines > 0"
        stored = self.spool._shelf.books.stored
        assert self.spool._file.db.execute(counted).fetchone() == (stored.batches, stored.readings, stored.bytes)


def test_a_full_spool_accounts_for_everything_in_any_order():
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        RoomModel, settings=settings(max_examples=30, stateful_step_count=20, deadline=None, suppress_health_check=slow)
    )


def test_a_full_spool_thins_before_it_drops(path: Path):
    spool = _pressed(path, quota=60_000, seconds=150)
    rows = _look(spool)
    averaged = [r for r in rows if r.quality & Quality.AVERAGED]
    assert {r.family for r in averaged} == {"air", "noise"}
    assert {r.labels["cause"] for r in rows if r.family == "gap"} == {"thinned"}
    assert len([r for r in rows if r.family == "crossing"]) == 150
    assert len([r for r in rows if r.family == "traffic"]) == 150
    assert accounted(rows) == _next_seq(spool)
    spool.close()


def test_without_thinning_no_mean_is_made(path: Path):
    spool = _pressed(path, quota=20_000, seconds=300, policy=Policy(thin=False))
    rows = _look(spool)
    assert not any(r.quality & Quality.AVERAGED for r in rows)
    assert {r.labels["cause"] for r in rows if r.family == "gap"} == {"dropped"}
    assert accounted(rows) == _next_seq(spool)
    spool.close()


def test_oldest_first_drops_whole_batches_from_the_oldest_on(path: Path):
    spool = _pressed(path, quota=20_000, seconds=300, policy=OLDEST_FIRST)
    rows = _look(spool)
    assert spool._file.db.execute("SELECT DISTINCT level FROM batch WHERE lines > 0").fetchall() == [(Level.WHOLE,)]
    kept = {sensor: [r.seq for r in rows if r.sensor == sensor and r.family != "gap"] for sensor in _KINDS}
    assert len({len(numbers) for numbers in kept.values()}) == 1, "whole batches"
    assert len(kept["dust"]) > 10
    spool.close()


@pytest.mark.parametrize("policy", [Policy(), Policy(thin=False)])
def test_no_crossing_is_dropped_while_health_or_air_is_there(path: Path, policy: Policy):
    """But for the newest two minutes of all: a minute is worked on when it is over."""
    spool = opened(path, quota=70_000, policy=policy, batch_readings=100)
    for second in range(900):
        _commit(spool, second, _KINDS)
        rows = _look(spool) if second % 20 == 0 else []
        dropped = {r.sensor for r in rows if r.labels.get("cause") == "dropped"}
        if {"cam", "cam-2"} & dropped:
            newest = STAMP.wall_ms + (second - 130) * 1000
            assert not [r for r in rows if r.family not in (*_LASTING, "gap") and r.milliseconds < newest], second
            break
    spool.close()


def test_a_large_commit_drops_no_crossing_while_health_or_air_is_there(path: Path):
    """A thousand readings from memory may need more than the few stretches that one commit works on."""
    spool = _pressed(path, quota=60_000, seconds=900)
    before = _look(spool)
    assert not [r for r in before if r.sensor.startswith("cam") and r.labels.get("cause") == "dropped"]
    assert [r for r in before if r.family in ("air", "noise") and not r.quality]
    spool.commit([Taken("dust", _KINDS["dust"], _at(900 + step / 1000)) for step in range(700)], _stamp(901))
    rows = _look(spool)
    old = [r for r in rows if r.family not in (*_LASTING, "gap") and r.milliseconds < STAMP.wall_ms + 770_000]
    dropped = [r for r in rows if r.sensor.startswith("cam") and r.labels.get("cause") == "dropped"]
    assert not (old and dropped)
    assert accounted(rows) == _next_seq(spool)
    spool.close()


def test_what_is_lent_out_is_given_up_last(path: Path):
    spool = opened(path, quota=8_000, batch_readings=100)
    for second in range(8):
        _commit(spool, second, _KINDS)
    lent = spool.after(0, limit=3)
    for number in lent:
        spool.payload(number)
    for second in range(8, 200):
        _commit(spool, second, ["dust", "mic"])
        assert spool.after(0, limit=3) == lent
    assert accounted(_look(spool)) == _next_seq(spool)
    spool.close()


def test_what_the_hub_has_is_not_given_up_as_if_it_had_not(path: Path):
    """It waits to be deleted with others; a commit that needs much room finds it there."""
    spool = opened(path, quota=6_000, policy=OLDEST_FIRST)
    number = spool.commit([Taken("dust", _KINDS["dust"], _at(0)) for _ in range(20)], _stamp(0))
    assert number is not None
    delivered = rows_in(spool, number)
    spool.forget(number)
    spool.commit([Taken(f"s-{index % 5}", _KINDS["dust"], _at(1)) for index in range(200)], _stamp(1))
    spool.commit([], _stamp(2))
    told = accounted([*delivered, *_look(spool)])
    assert told == _next_seq(spool)
    counted = spool._file.db.execute("SELECT sum(size) FROM batch WHERE lines > 0").fetchone()[0]
    assert spool._shelf.books.stored.bytes == counted
    spool.close()


def test_room_that_the_disk_refuses_to_make_changes_nothing(path: Path):
    spool = _pressed(path, quota=20_000, seconds=100)
    books, rows, held = spool._shelf.books, _look(spool), spool.held
    spool._file.db.execute("PRAGMA max_page_count=1")
    crowd = [Taken(f"s-{index}", Measurement(Family.AIR, {"pm2_5": index / 7}), _at(100)) for index in range(5_000)]
    with pytest.raises(SpoolUnwritable, match="refuses"):
        spool.commit(crowd, _stamp(100))
    assert (spool._shelf.books, spool.held) == (books, held)
    assert _look(spool) == rows
    spool._file.db.execute("PRAGMA max_page_count=1000000")
    _commit(spool, 101, _KINDS)
    assert accounted(_look(spool)) == _next_seq(spool)
    spool.close()


def test_a_spool_that_stays_full_goes_on_keeping_readings(path: Path):
    """What tells of the losses must not take the place of what is left."""
    spool = _pressed(path, quota=12_000, seconds=1_000)
    rows = _look(spool)
    spool.close()
    assert len([r for r in rows if r.family == "gap"]) / len(rows) < 0.5


def test_what_lasts_longest_lasts_no_shorter_than_without_a_policy(path: Path):
    """Seen over two minutes, since both spools fill and give up in steps, each at its own time."""
    kept = _crossings_kept(path, Policy())
    without = _crossings_kept(path.with_name("oldest-first"), OLDEST_FIRST)
    assert min(kept) >= min(without)
    assert sum(kept) >= sum(without)


def _crossings_kept(path: Path, policy: Policy) -> list[int]:
    """Return how many crossings a spool that stays full holds after each of 120 commits."""
    spool = _pressed(path, quota=12_000, seconds=880, policy=policy)
    kept = []
    for second in range(880, 1_000):
        _commit(spool, second, _KINDS)
        kept.append(len([r for r in _look(spool) if r.family == "crossing"]))
    spool.close()
    return kept


def test_what_is_written_of_what_is_gone_stays_small(path: Path):
    """Every thinned batch that stays parts what is gone in two, and every commit says all of it."""
    spool = _pressed(path, quota=40_000, seconds=1_500)
    newest = spool._file.db.execute("SELECT length(facts) FROM batch ORDER BY number DESC LIMIT 1").fetchone()[0]
    emptied = spool._file.db.execute("SELECT coalesce(sum(length(facts)), 0) FROM batch WHERE lines = 0").fetchone()[0]
    runs = len(spool._shelf.books.gone)
    spool.close()
    assert runs <= 8
    assert newest <= 400
    assert emptied <= 4_000
