"""The spool against a model of it in plain Python, under any order of commits, acknowledgements, ends and crashes."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from edge_agent.clock import Stamp
from edge_agent.delivery.room import OLDEST_FIRST
from edge_agent.delivery.spool import Spool
from edge_agent.delivery.undated import BYTES_PER_READING
from edge_agent.taken import Taken
from telemetry.quality import Quality
from tests.support.spooling import BOOT, PLENTY, STAMP, Row, killed, opened, rows_in, taken

_MEMORY = Path("/dev/shm")
_SENSORS = ("dust", "co2", "cam-north")
_crowds = st.lists(st.sampled_from(_SENSORS), max_size=6)

Told = tuple[str, float, int, str]
"""Sensor, value, monotonic nanoseconds, boot."""


class SpoolModel(RuleBasedStateMachine):
    """Numbers are used once, what is live is what was committed and neither forgotten nor dropped, holes are told."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=_MEMORY if _MEMORY.is_dir() else None))
        self.lives = self.value = self.boots = 0
        self.quota = PLENTY
        self.boot = BOOT
        self.dated: list[str] = []
        self.at = STAMP.monotonic_ns
        self.live: dict[int, list[Row]] = {}
        self.forgotten: dict[int, list[Row]] = {}
        self.delivered: list[Row] = []
        self.undated: list[Told] = []
        self.next_seq: Counter[str] = Counter()
        self.unnumbered: Counter[str] = Counter()
        self.number = 0
        self.delivered_twice = False

    @initialize(quota=st.sampled_from([PLENTY, 3_000, 8_000]))
    def begin(self, quota: int) -> None:
        self.quota = quota
        self.spool = self._open()
        self.epoch = self.spool.epoch

    def _open(self) -> Spool:
        return opened(self.folder / f"spool-{self.lives}", quota=self.quota, boot=self.boot, policy=OLDEST_FIRST)

    def teardown(self) -> None:
        self.spool.close()
        shutil.rmtree(self.folder)

    def _take(self, sensors: list[str]) -> list[Taken]:
        """Take readings of the sensors, each at a later time and with a value of its own."""
        readings = []
        for sensor in sensors:
            self.value += 1
            self.at += 1_000_000
            readings.append(taken(self.value / 10, sensor, at=self.at))
        return readings

    def _stamp(self) -> Stamp:
        return Stamp(STAMP.wall_ms + (self.at - STAMP.monotonic_ns) // 10**6, self.at)

    @rule(sensors=_crowds)
    def commit(self, sensors: list[str]) -> None:
        readings = self._take(sensors)
        new = [(t.sensor, t.measurement.values["pm2_5"], t.at, self.boot) for t in readings]
        expected, self.undated = self.undated + new, []
        number = self.spool.commit(readings, self._stamp())
        self.dated = [*[boot for boot in self.dated if boot != self.boot][-15:], self.boot]
        self._drop()
        if number is None:
            assert not expected
            return
        self.number += 1
        assert number == self.number
        self.next_seq.update(self.unnumbered)
        self.unnumbered.clear()
        rows = rows_in(self.spool, number)
        self.spool._lent.clear()
        self._compare(rows, expected)
        self.live[number] = rows

    def _drop(self) -> None:
        """Take from the model what the quota cost: only the oldest, and nothing where there is plenty."""
        left = set(self.spool.after(0, limit=10**6))
        waiting = [number for number in sorted(self.live) if number not in self.forgotten]
        lost = [number for number in waiting if number not in left]
        assert lost == waiting[: len(lost)]
        assert not lost or self.quota != PLENTY
        for number in lost:
            del self.live[number]

    def _compare(self, rows: list[Row], expected: list[Told]) -> None:
        """See that a batch holds what was committed, dated and numbered, and beyond that only gaps."""
        readings = [r for r in rows if r.family == "air"]
        stamp = self._stamp()
        assert [(r.sensor, r.values["pm2_5"]) for r in readings] == [told[:2] for told in expected]
        for r, (_, _, at, boot) in zip(readings, expected, strict=True):
            assert (r.quality & Quality.TIME_ESTIMATED > 0) is (boot not in self.dated)
            assert boot not in self.dated or r.milliseconds == stamp.milliseconds(at)
        for r in rows:
            assert (r.seq, r.below) == (self.next_seq[r.sensor], self.next_seq[r.sensor])
            self.next_seq[r.sensor] += 1

    @rule(sensors=_crowds)
    def commit_before_the_clock_is_set(self, sensors: list[str]) -> None:
        readings = self._take(sensors)
        assert self.spool.commit(readings, None) is None
        free = max(self.quota // 10, self.quota - self.spool._shelf.books.stored.bytes)
        self.undated += [(t.sensor, t.measurement.values["pm2_5"], t.at, self.boot) for t in readings]
        dropped = max(0, len(self.undated) - free // BYTES_PER_READING)
        self.unnumbered.update(told[0] for told in self.undated[:dropped])
        self.undated = self.undated[dropped:]

    def _delete_forgotten(self) -> None:
        for gone in self.forgotten:
            del self.live[gone]
        self.forgotten.clear()

    @rule(data=st.data())
    def hub_acknowledges(self, data: st.DataObject) -> None:
        live = [number for number in self.live if number not in self.forgotten]
        number = data.draw(st.sampled_from([*live, self.number + 7]))
        self.spool.forget(number)
        if number in self.live:
            self.forgotten[number] = self.live[number]
            self.delivered += self.live[number]

    @rule()
    def end_and_start(self) -> None:
        self.spool.close()
        self._delete_forgotten()
        self.spool = self._open()

    @rule()
    def crash_and_start(self) -> None:
        """Go on with the files as they lie there: what was forgotten since the last commit comes again."""
        old = self.folder / f"spool-{self.lives}"
        self.lives += 1
        killed(old, self.folder / f"spool-{self.lives}")
        self.spool.close()
        self.spool = self._open()
        back = set(self.spool.after(0, limit=10**6)) & set(self.forgotten)
        self.delivered_twice = self.delivered_twice or bool(back)
        for number in set(self.forgotten) - back:
            del self.live[number]
        self.forgotten.clear()

    @rule()
    def boot_again(self) -> None:
        self.boots += 1
        self.boot = f"boot-{self.boots}"
        self.end_and_start()

    @invariant()
    def what_is_live_is_handed_out_unchanged(self) -> None:
        live = [number for number in sorted(self.live) if number not in self.forgotten]
        assert self.spool.after(0, limit=10**6) == live
        for number in live[:2] + live[-2:]:
            assert rows_in(self.spool, number) == self.live[number]
        self.spool._lent.clear()
        assert all(self.spool.payload(number) is None for number in self.forgotten)

    @invariant()
    def what_is_held_is_counted(self) -> None:
        live = [rows for number, rows in self.live.items() if number not in self.forgotten]
        held = self.spool.held
        assert (held.batches, held.readings, held.undated) == (len(live), sum(map(len, live)), len(self.undated))

    @invariant()
    def the_quota_holds(self) -> None:
        """Beyond it there is at most the one newest batch, and a tenth for what waits for a date."""
        held = self.spool.held
        assert held.bytes <= self.quota or held.batches == 1

    @invariant()
    def every_number_is_accounted_for(self) -> None:
        """Each number is delivered, or waits, or is in a gap of which the same holds.

        What was delivered, but came again with a crash, may be dropped and told as missing though it is not.
        """
        known = {(r.sensor, r.seq): r for r in self.delivered}
        known |= {(r.sensor, r.seq): r for rows in self.live.values() for r in rows}
        counted = Counter(sensor for sensor, _ in known)
        for r in known.values():
            if r.family == "gap":
                counted[r.sensor] += int(r.values["count"])
        for sensor, numbers in self.next_seq.items():
            assert counted[sensor] == numbers or (self.delivered_twice and counted[sensor] > numbers)

    @invariant()
    def the_epoch_is_stable(self) -> None:
        assert self.spool.epoch == self.epoch


def test_the_spool_behaves_as_its_model(monkeypatch: pytest.MonkeyPatch):
    """The epoch is fixed: how well a batch compresses, and so what the quota drops, hangs on it."""
    monkeypatch.setattr("edge_agent.delivery.spool_file.secrets.token_hex", lambda _: "5f0c91d2a7b3e846")
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        SpoolModel,
        settings=settings(max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=slow),
    )
