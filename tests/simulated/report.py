"""Prints what came of many seeds and of the broken variants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.simulated.ending import Account
from tests.simulated.play import Played, play
from tests.simulated.variants import VARIANTS, Variant

REPLAY = "python -m tests.simulated --seed {} --trace"


@dataclass
class Total:
    """Sums over seeds."""

    seeds: int = 0
    steps: int = 0
    virtual_seconds: float = 0.0
    cpu_seconds: float = 0.0
    account: Account = field(default_factory=Account)
    violations: list[Played] = field(default_factory=list)
    with_told_though_stored: int = 0

    def add(self, played: Played) -> None:
        self.seeds += 1
        self.steps += played.steps
        self.virtual_seconds += played.virtual_seconds
        self.cpu_seconds += played.cpu_seconds
        if played.violation:
            self.violations.append(played)
        if played.account is not None:
            self.account.add(played.account)
            self.with_told_though_stored += played.account.told_though_stored > 0


def run_seeds(seeds: Sequence[int], console: Console) -> Total:
    """Play seeds and return their sums; each violation is printed when it is met."""
    total = Total()
    with _bar(console) as bar:
        for seed in bar.track(seeds, description="seeds"):
            played = play(seed)
            total.add(played)
            if played.violation:
                console.print(f"seed {seed}: {played.violation}\n  {REPLAY.format(seed)}", markup=False)
    return total


def summary(total: Total) -> Iterable[str]:
    """Yield the figures of many seeds."""
    account = total.account
    hours, cpu_hours = total.virtual_seconds / 3600, total.cpu_seconds / 3600
    yield f"{total.seeds} seeds, {total.steps} steps, {len(total.violations)} violations"
    rate = hours / cpu_hours
    yield f"{hours:.1f} simulated hours in {cpu_hours:.3f} CPU hours: {rate:.0f} simulated hours per CPU hour"
    yield (
        f"readings: {account.emitted} emitted, {account.stored} stored, {account.refused} refused (told), "
        f"{account.given_up} given up for room (told), {account.lost_from_memory} given up before they had a number "
        f"(told), {account.lost_at_an_end} lost before commit, {account.on_lost_cards} on lost cards"
    )
    yield (
        f"told as missing though stored, since the last acknowledgement was lost: {account.told_though_stored} "
        f"readings in {total.with_told_though_stored} seeds"
    )


@dataclass(frozen=True)
class Caught:
    """What came of a variant: the seed that caught it, None where it slipped through."""

    variant: Variant
    played: Played | None


def run_variants(limit: int, console: Console) -> list[Caught]:
    """Try each variant on seed after seed until one catches it."""
    caught: list[Caught] = []
    with _bar(console) as bar:
        for variant in bar.track(VARIANTS, description="broken variants"):
            caught.append(catch(variant, range(limit)))
            console.print(verdict(caught[-1]), markup=False, soft_wrap=True)
    return caught


def catch(variant: Variant, seeds: Iterable[int]) -> Caught:
    """Play seeds with a variant until one shows a violation that sound code does not show.

    A world that died of the variant proves nothing: the variant may not fit the code any more.
    """
    for seed in seeds:
        played = play(seed, broken=variant.installed)
        if played.violation and not played.died and not play(seed).violation:
            return Caught(variant, played)
    return Caught(variant, None)


def verdict(caught: Caught) -> str:
    if caught.played is None:
        return f"{caught.variant.name}: SLIPPED THROUGH"
    return f"{caught.variant.name}: seed {caught.played.seed}, {caught.played.violation[:140]}"


def _bar(console: Console) -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=console)
