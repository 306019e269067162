"""Listens to one port at all settings at which sensors are met, and asks harmless questions where that is allowed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from drivers.catalogue import load
from drivers.driver import Driver, LineSettings
from edge_agent.scanning.evidence import Heard, Question, Trial, made, talkers
from edge_agent.sources.port import Port

_LONG, _SHORT = 5.0, 2.5
"""Seconds of listening: two frames of the slowest sensor at the speed of most, two of a GNSS receiver at others."""

_ENOUGH = 3
_SURE = 0.95


async def probe(
    path: str, asked: Sequence[Question], *, patience: float = 1.0, tell: Callable[[str], None] = lambda _: None
) -> Heard:
    """Return what was heard on a port; `tell` is given each question before it is sent. Raises SourceLost."""
    heard = Heard()
    began = time.monotonic()
    lines = talkers()
    port = await Port.opened(path, next(iter(lines)))
    try:
        for number, (line, names) in enumerate(lines.items()):
            if not port.set_line(line):
                continue
            await _listen(port, line, names, heard, patience * (_SHORT if number else _LONG))
            if heard.fitting:
                break
        for question in _worth_asking(heard, asked):
            if _is_settled(heard, question):
                continue
            if not port.set_line(question.line):
                continue
            tell(f"{path}: asks at {question}")
            await _ask(port, question, heard, patience)
    finally:
        heard.seconds = time.monotonic() - began
        await port.leave(b"")
    return heard


async def _listen(port: Port, line: LineSettings, names: Sequence[str], heard: Heard, seconds: float) -> None:
    trials = [Trial(name, driver, line) for name in names if (driver := made(name))]
    heard.trials += trials
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        _, data = await port.read(left)
        if data:
            heard.unasked(line, data)
        for trial in trials:
            trial.feed(data)
        if any(trial.fits and trial.frames >= _ENOUGH and trial.share >= _SURE for trial in trials):
            return


def _worth_asking(heard: Heard, asked: Sequence[Question]) -> Sequence[Question]:
    """Return all questions where nothing is known, or those of devices that look like what was heard."""
    if heard.is_text:
        return ()
    if not heard.fitting:
        return asked
    alike = {name for trial in heard.fitting for name in load(trial.name).looks_like}
    return [question for question in asked if alike & set(question.names)]


def _is_settled(heard: Heard, question: Question) -> bool:
    """Tell whether an answer makes a question idle; on a line of addressed devices there may be more of them."""
    answered = [trial for trial in heard.fitting if trial.asked]
    return any(trial.address is None or trial.line != question.line or question.address is None for trial in answered)


async def _ask(port: Port, question: Question, heard: Heard, patience: float) -> None:
    """Send a question and let the drivers hear the answer; what was on its way before is not theirs."""
    while (await port.read(0))[1]:
        continue
    trials = [
        Trial(name, driver, question.line, asked=question.data)
        for name in question.names
        if (driver := _addressed(name, question.address))
    ]
    for trial in trials:
        trial.driver.poll()
    await port.write(question.data)
    deadline = time.monotonic() + patience * question.seconds
    while (left := deadline - time.monotonic()) > 0 and not any(trial.frames for trial in trials):
        _, data = await port.read(left)
        for trial in trials:
            trial.feed(data)
    heard.trials += trials


def _addressed(name: str, address: int | None) -> Driver | None:
    return made(name) if address is None else load(name)(address=address)
