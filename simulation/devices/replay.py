"""Real captures played again: at their own cadence, or one answer to each poll."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from simulation.devices.device import Frame


class Replay:
    """Plays (seconds after the one before, bytes) in order, `scale` times as slowly, then falls silent."""

    def __init__(self, records: Sequence[tuple[float, bytes]], *, scale: float = 1.0) -> None:
        self._records, self._scale = tuple(records), scale
        self._next = 0
        self.due = self._delay()

    def speak(self, now: float) -> tuple[Frame, ...]:  # noqa: ARG002  the cadence is the capture's
        """Return the next record."""
        frame = Frame(self._records[self._next][1])
        self._next += 1
        self.due += self._delay()
        return (frame,)

    def hear(self, data: bytes, now: float) -> tuple[Frame, ...]:  # noqa: ARG002  a capture does not listen
        """Return nothing."""
        return ()

    def _delay(self) -> float:
        return self._records[self._next][0] * self._scale if self._next < len(self._records) else inf


class PolledReplay:
    """Answers each `poll`, found anywhere in what it hears, with the next captured answer, then falls silent."""

    def __init__(self, poll: bytes, answers: Sequence[bytes]) -> None:
        self._poll, self._answers = poll, iter(tuple(answers))
        self._heard = b""
        self.due = inf

    def speak(self, now: float) -> tuple[Frame, ...]:  # noqa: ARG002  it speaks only when asked
        """Return nothing."""
        return ()

    def hear(self, data: bytes, now: float) -> tuple[Frame, ...]:  # noqa: ARG002  captures know no time
        """Return an answer for each poll in what was heard so far."""
        before, *after = (self._heard + data).split(self._poll)
        self._heard = (after[-1] if after else before)[-len(self._poll) :]
        answers = (next(self._answers, None) for _ in after)
        return tuple(Frame(answer) for answer in answers if answer is not None)
