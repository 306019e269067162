"""A sensor-only agent: memory, idle CPU, delays beside misbehaving sensors, time to the first reading, CPU a frame."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

import psutil

from bench.devices import frame
from bench.figure import Figure
from drivers.catalogue import known, load
from simulation.sensors import Terminal

_SECONDS = 40.0
_SETTLE = 10.0
_MEGABYTE = 1024 * 1024
_MILLISECOND = 1_000_000
_REPEATS = 400
_CAPTURES = Path(__file__).parents[1] / "tests" / "captures"
_SETTINGS = """site = "bench"
agent = "bench"
[broker]
host = "127.0.0.1"
port = 9
[clock]
trust = "rtc"
[spool]
path = "{folder}/spool.db"
"""
_SENSOR = '[[serial]]\nsensor = "{name}"\ndriver = "sds011"\nport = "{folder}/{name}"\n'


def measure() -> Iterator[Figure]:
    """Yield all figures; the runs with and without misbehaving sensors follow each other."""
    yield from _ten_sensors()
    yield from _delays()
    yield _first_reading()
    yield from _frames()


@contextmanager
def _agent(folder: Path, names: list[str]) -> Iterator[psutil.Process]:
    """Run an agent with sensors on the ports of those names."""
    file = folder / "agent.toml"
    sensors = "".join(_SENSOR.format(name=name, folder=folder) for name in names)
    file.write_text(_SETTINGS.format(folder=folder) + sensors, encoding="utf-8")
    command = [sys.executable, "-m", "edge_agent.cli", "run", "--config", str(file)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
        yield psutil.Process(running.pid)
        running.terminate()


@contextmanager
def _devices(folder: Path, good: int, bad: int) -> Iterator[Path]:
    """Plug sensors in, and yield the file in which they write down what they said."""
    log = folder / "said.txt"
    command = [sys.executable, "-m", "bench.devices", str(folder), str(good), str(bad)]
    with log.open("w") as told, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=told) as running:
        while "ready" not in log.read_text():
            time.sleep(0.05)
        yield log
        if running.stdin is not None:
            running.stdin.close()
        running.wait(5)


def _ten_sensors() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        names = [f"good-{number}" for number in range(10)]
        with _devices(folder, 10, 0), _agent(folder, names) as agent:
            time.sleep(_SETTLE)
            before = agent.cpu_times()
            time.sleep(_SECONDS)
            after, memory = agent.cpu_times(), agent.memory_full_info()
            threads = agent.num_threads()
        cpu = (after.user + after.system - before.user - before.system) / _SECONDS
        note = f"unshared {memory.uss / _MEGABYTE:.0f} MB, {threads} threads; target 32 MB"
        yield Figure("RSS, agent with 10 serial sensors at 1 Hz", f"{memory.rss / _MEGABYTE:.1f} MB", note)
        yield Figure("CPU, the same agent, storing 10 readings a second", f"{cpu:.2%} of a core", "with its spool")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _devices(folder, 0, 9), _agent(folder, [f"bad-{number}" for number in (2, 5, 8)]) as agent:
            time.sleep(_SETTLE)
            before = agent.cpu_times()
            time.sleep(_SECONDS)
            after = agent.cpu_times()
        cpu = (after.user + after.system - before.user - before.system) / _SECONDS
        yield Figure("CPU, agent with 3 open ports on which nothing comes", f"{cpu:.2%} of a core", "target 0.1 %")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _agent(folder, ["good-0"]) as agent:
            time.sleep(_SETTLE)
            before = agent.cpu_times()
            time.sleep(_SECONDS)
            after = agent.cpu_times()
        cpu = (after.user + after.system - before.user - before.system) / _SECONDS
        yield Figure("CPU, agent whose only sensor is unplugged", f"{cpu:.2%} of a core", "target 1 %")


def _delays() -> Iterator[Figure]:
    for bad in (0, 3):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            names = [f"good-{number}" for number in range(9)] + [f"bad-{number}" for number in range(bad)]
            with _devices(folder, 9, bad) as log, _agent(folder, names):
                time.sleep(_SECONDS)
                said = log.read_text().splitlines()
            late = sorted(_late(folder, said))
            share = quantiles(late, n=100)[98]
            note = f"p99 {share:.1f} ms, longest {late[-1]:.1f} ms, {len(late)} readings of 9 sensors"
            beside = "beside a flood, a flapping and a silent port" if bad else "alone"
            yield Figure(f"delay from wire to time stamp, {beside}", f"median {median(late):.1f} ms", note)


def _late(folder: Path, said: list[str]) -> Iterator[float]:
    """Yield the milliseconds between a frame and the time of its row, for each row in the spool."""
    command = [sys.executable, "-m", "edge_agent.cli", "spool", "export", "--config", str(folder / "agent.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    times = {(name, int(value)): int(at) for at, name, value in (line.split() for line in said if line != "ready")}
    for line in done.stdout.splitlines():
        if line.startswith("air,"):
            tags, fields, at = line.split(" ")
            key = tags.rpartition("=")[2], round(float(fields.partition("pm2_5=")[2].split(",")[0]) * 10)
            if key in times:
                yield (int(at) // _MILLISECOND * _MILLISECOND + _MILLISECOND / 2 - times[key]) / _MILLISECOND


def _first_reading() -> Figure:
    """Return how long a sensor that is plugged in while the agent runs takes to its first committed reading."""
    taken = []
    with tempfile.TemporaryDirectory() as name:
        folder, status = Path(name), Path(name) / "status.json"
        file = folder / "agent.toml"
        sensor = _SENSOR.format(name="dust", folder=folder)
        file.write_text(_SETTINGS.format(folder=folder) + sensor, encoding="utf-8")
        command = [sys.executable, "-m", "edge_agent.cli", "run", "--config", str(file), "--status-file", str(status)]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
            for _ in range(5):
                time.sleep(4)
                taken.append(_plugged(folder / "dust", status))
            running.terminate()
    note = f"{min(taken):.1f} to {max(taken):.1f} s in {len(taken)} tries; the status file is a second old; target 5 s"
    return Figure("time from plugging in to the first reading", f"{median(taken):.1f} s", note)


def _plugged(link: Path, status: Path) -> float:
    def frames() -> int:
        try:
            return int(next(s["frames"] for s in json.loads(status.read_text())["sources"] if s["sensor"] == "dust"))
        except (OSError, ValueError, StopIteration):
            return 0

    before, began = frames(), time.monotonic()
    terminal = Terminal(link)
    while frames() == before and time.monotonic() < began + 60:
        terminal.send(frame(7))
        time.sleep(0.1)
    seconds = time.monotonic() - began
    terminal.close()
    return seconds


def _frames() -> Iterator[Figure]:
    """Yield the CPU time that each driver takes for a sound frame of its captures."""
    costs = {}
    for name in known():
        records = map(json.loads, (_CAPTURES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
        said = [r for r in records if "expect" in r]
        frames = [bytes.fromhex(r["hex"]) if "hex" in r else r["text"].encode("latin-1") for r in said]
        driver = load(name)(**load(name).example)
        began = time.process_time()
        for _ in range(_REPEATS):
            for each in frames:
                driver.poll()
                driver.feed(each)
        costs[name] = (time.process_time() - began) / _REPEATS / len(frames) * 1e6
    ordered = sorted(costs.items(), key=lambda item: item[1])
    note = ", ".join(f"{name} {cost:.0f}" for name, cost in ordered)
    yield Figure("CPU a frame, by driver", f"{ordered[0][1]:.0f} to {ordered[-1][1]:.0f} µs", note)


if __name__ == "__main__":
    for each in measure():
        print(f"{each.what}: {each.value} ({each.note})", flush=True)
