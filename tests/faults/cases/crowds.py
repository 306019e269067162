"""R16, R25: thousands of agents come back at once; a hub with little memory and a slow database."""

from __future__ import annotations

import contextlib
import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.bed import ACK, Bed, Setup, bed
from tests.faults.case import Case, NotRun
from tests.faults.program import ROOT
from tests.faults.result import Counts, Result
from tests.support import influx

_HUB_TARGET = 300.0
_BACK_TARGET = 300.0
_CAP_MB = 150


class Crowd:
    """The process of protocol-level clients, and what it last said."""

    def __init__(self, port: int, clients: int, *options: str) -> None:
        command = [sys.executable, "-m", "tests.faults.crowd", "--port", str(port), "--clients", str(clients), *options]
        self.clients = clients
        self.said: dict[str, int] = {}
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._thread = threading.Thread(target=self._read, name="crowd")
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said = json.loads(line)

    def finish(self) -> None:
        """Ask for no more batches; each client ends when its last is acknowledged."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def ended(self) -> bool:
        """Tell whether all clients have ended."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait(20)
        self._thread.join(10)
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()


@contextmanager
def crowd(b: Bed, clients: int, *options: str) -> Iterator[Crowd]:
    """Yield a crowd on a bed's broker."""
    made = Crowd(b.broker.port, clients, *options)
    try:
        yield made
    finally:
        made.close()


def _room_for(clients: int) -> None:
    """Let this process and its children hold so many connections; raises NotRun."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < clients + 500:
        raise NotRun(f"only {hard} open files are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _reconnect(folder: Path, trials: int) -> Result:
    """All agents there, the broker restarted: how long until all are back, and what it costs the hub."""
    clients = 1000 * trials - 1  # and the bed's own agent: an open hub registers 10,000
    _room_for(clients)
    with bed(folder, Setup(resend_seconds=20)) as b, crowd(b, clients) as many:
        b.wait(lambda: many.said.get("online", 0) >= clients, "the whole crowd", 300)
        b.run_for(5)
        before = many.said["connects"]
        b.broker.kill()
        down = time.monotonic()
        b.broker.start()
        b.wait(lambda: many.said["connects"] > before and many.said["online"] < clients, "a crowd that is gone", 60)
        b.wait(lambda: many.said["online"] >= clients, "all back", _BACK_TARGET)
        back = time.monotonic() - down
        b.run_for(10)
        many.finish()
        b.wait(many.ended, "a crowd that has all its words", 300)
        b.drain()
        result = b.judged(Result(trials=1, recovery=[back]))
        _count_crowd(b, many.said, result)
    result.notes.append(
        f"{clients:,} clients, all back {back:.0f} s after the broker's death, {many.said['resent']} resent"
    )
    return result


def _count_crowd(b: Bed, said: dict[str, int], result: Result) -> None:
    """Add what the crowd emitted and what is found of it to the counts."""
    rows = influx.query(b.influx, "SELECT count(pm2_5) FROM air WHERE site = 'crowd' GROUP BY agent")
    stored = sum(int(row["count"]) for row in rows)
    lost = said["emitted"] - stored
    result.counts = result.counts.plus(Counts(emitted=said["emitted"], stored=stored, after_commit=max(0, lost)))
    result.demand(lost == 0, f"I1 of {said['emitted']} readings of the crowd {stored} are stored")
    peak = b.hub.peak_rss / 1e6
    result.notes.append(f"hub RSS peak {peak:.0f} MB")
    result.demand(peak <= _HUB_TARGET, f"I6 hub RSS {peak:.0f} MB")


class Cap:
    """A memory cgroup with a limit, for one process."""

    def __init__(self, megabytes: int) -> None:
        self._folder = Path("/sys/fs/cgroup/memory") / f"simpang-fault-{time.time_ns()}"
        try:
            self._folder.mkdir()
            (self._folder / "memory.limit_in_bytes").write_text(str(megabytes * 1024 * 1024))
        except OSError as error:
            raise NotRun(f"no memory cgroup here: {error}") from error

    def around(self) -> list[str]:
        """Return the command that starts another under the cap."""
        return ["sh", "-c", f'echo $$ > {self._folder}/cgroup.procs; exec "$@"', "sh"]

    def peak(self) -> float:
        """Return the most megabytes that were used."""
        return int((self._folder / "memory.max_usage_in_bytes").read_text()) / 1e6

    def close(self) -> None:
        """Remove the group; its process must have ended."""
        with contextlib.suppress(OSError):
            self._folder.rmdir()


def _capped(folder: Path, trials: int) -> Result:
    """A slow database, a thousand agents with batches of a hundred, and 150 MB for the hub."""
    clients = 250 * trials
    _room_for(clients)
    cap = Cap(_CAP_MB)
    try:
        made = Bed(folder, Setup(proxies=frozenset({"store"}), resend_seconds=20))
        made.hub.around = cap.around()
        with made as b:
            b.wait_for_first()
            return _under_cap(b, cap, clients)
    finally:
        cap.close()


def _under_cap(b: Bed, cap: Cap, clients: int) -> Result:
    assert b.hub.running is not None
    b.proxy["store"].link.delay = 1.0
    with crowd(b, clients, "--lines", "100", "--every", "5", "--resend", "20") as many:
        b.run_for(60)
        alive = b.hub.running.poll() is None
        b.proxy["store"].link.delay = 0.0
        quick = time.monotonic()
        recovery = b.after(ACK, quick)
        many.finish()
        b.wait(many.ended, "a crowd that has all its words", 300)
        b.drain()
        result = b.judged(Result(trials=1, recovery=[recovery]))
        _count_crowd(b, many.said, result)
    result.demand(alive and b.hub.running.poll() is None, "I6 the hub was killed for its memory")
    result.notes.append(f"{clients:,} agents, cgroup of {_CAP_MB} MB, at most {cap.peak():.0f} MB used, no kill")
    return result


CASES = (
    Case("R16", "10,000 clients come back after the broker's death; recovery: all back", _reconnect, 10),
    Case("R25", "hub under 150 MB, slow database, 1,000 agents", _capped, 4),
)
