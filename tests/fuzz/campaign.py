"""Runs one surface after the other under the coverage-guided fuzzer and sums up what it found."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import scratch
from tests.fuzz.findings import CRASHES, REPORT, SLOW
from tests.fuzz.surface import Surface

ROOT = Path(__file__).parents[2]
_GLANCE = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a surface."""

    name: str
    executions: int
    cpu_seconds: float
    crashes: int
    pace: float
    """Milliseconds for each KiB of the slowest input, not instrumented."""
    memory: int
    """The most bytes that Python held for one of the slow inputs."""


def fuzzed(surface: Surface, folder: Path, seconds: float, *, tell: Callable[[float], None]) -> Outcome:
    """Fuzz a surface for so many CPU seconds; `tell` hears how many have gone."""
    _prepare(surface, folder)
    code = _run(surface, folder, seconds, tell)
    said = json.loads(report.read_text()) if (report := folder / REPORT).exists() else {}
    ended_early = code != 0 or not said.get("is_done")
    return Outcome(
        surface.name,
        said.get("executions", 0),
        said.get("seconds", 0.0),
        said.get("failures", 0) + ended_early,
        max(map(surface.pace, _slow(surface, folder))),
        max(map(surface.memory, _slow(surface, folder))),
    )


def _prepare(surface: Surface, folder: Path) -> None:
    """Put seeds and words where the fuzzer looks; what it learned before stays."""
    for name in (CRASHES, SLOW):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / REPORT).unlink(missing_ok=True)
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in surface.seeds():
        (corpus / hashlib.sha256(seed).hexdigest()[:20]).write_bytes(seed)
    words = ("".join(f"\\x{byte:02x}" for byte in word) for word in surface.words if word)
    (folder / "words").write_text("".join(f'"{word}"\n' for word in words))


def _run(surface: Surface, folder: Path, seconds: float, tell: Callable[[float], None]) -> int:
    command = [sys.executable, "-m", "tests.fuzz.guided", surface.name, str(folder), str(seconds)]
    with scratch.made() as files, (folder / "log").open("wb") as log:
        environment = os.environ | {scratch.GIVEN: files}
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log) as child:
            while True:
                try:
                    return child.wait(_GLANCE)
                except subprocess.TimeoutExpired:
                    tell(_gone(folder))
                except BaseException:
                    child.kill()
                    raise


def _gone(folder: Path) -> float:
    report = folder / REPORT
    return float(json.loads(report.read_text())["seconds"]) if report.exists() else 0.0


def _slow(surface: Surface, folder: Path) -> Iterator[bytes]:
    """Yield what the fuzzer found slow, and what is meant to be."""
    yield from (path.read_bytes() for path in sorted((folder / SLOW).glob("*")))
    yield from surface.heavy()
    yield from surface.seeds()
