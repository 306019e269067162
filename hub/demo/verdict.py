"""Whether the demo's last figures add up; its closing sentence and its exit code are this one verdict."""

from __future__ import annotations

from dataclasses import dataclass

from hub.demo.scene import Scene


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether committed = stored + waiting was seen to hold, the words for it, and their colour."""

    good: bool
    words: str
    style: str


def judged(scene: Scene, *, orderly: bool = True) -> Verdict:
    """Judge the last scene; an agent that did not end in order has not told its last figures."""
    if not orderly:
        return _unknown(
            "agen dimatikan sebelum angka terakhirnya, tidak dapat diperiksa / "
            "the agent was killed before its last figures, cannot be checked"
        )
    if scene.stored is None and scene.committed:
        return _unknown(
            "basis data tidak menjawab, tidak dapat diperiksa / the store did not answer, cannot be checked"
        )
    if not scene.committed and not scene.stored:
        return _unknown("belum ada yang masuk spool / nothing was committed yet")
    missing, invented = missing_and_invented(scene, scene.stored or 0)
    if missing or invented:
        fault = f"hilang / missing {missing}, tanpa asal / invented {invented}"
        return Verdict(False, f"{_sum(scene)}: TIDAK COCOK / DOES NOT ADD UP: {fault}", "bold red")
    return Verdict(True, f"{_sum(scene)}: cocok / adds up", "bold green")


def missing_and_invented(scene: Scene, stored: int) -> tuple[int, int]:
    """Return the readings that are nowhere or acknowledged but not stored, and those that nobody committed.

    A reading may be stored and wait as well, while its acknowledgement is on the way.
    """
    missing = max(0, scene.committed - stored - scene.waiting, scene.acknowledged - stored)
    invented = max(0, stored - scene.committed, scene.acknowledged + scene.waiting - scene.committed)
    return missing, invented


def _sum(scene: Scene) -> str:
    """Return the figures as each was told, and what stands in two of them."""
    stored = scene.stored or 0
    both = stored + scene.waiting - scene.committed
    overlap = f" - {both} tersimpan, belum diakui / stored, not acknowledged yet" if both > 0 else ""
    return f"committed {scene.committed} {'≠' if both < 0 else '='} stored {stored} + waiting {scene.waiting}{overlap}"


def _unknown(words: str) -> Verdict:
    return Verdict(False, words, "bold yellow")
