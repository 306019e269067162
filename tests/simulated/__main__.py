"""Plays seeds, replays one, or tries the broken variants: python -m tests.simulated --help."""

from __future__ import annotations

import argparse
import sys

from rich.console import Console

from tests.simulated import report
from tests.simulated.play import play
from tests.simulated.variants import VARIANTS, Variant


def main() -> int:
    """Run what the command line asks for; return 1 where something does not hold."""
    asked = _arguments()
    console = Console(highlight=False)
    if asked.seed is not None:
        return _replay(asked.seed, _named(asked.variant), trace=asked.trace)
    if asked.variants:
        return _try_variants(asked.limit, console)
    total = report.run_seeds(range(asked.first, asked.first + asked.seeds), console)
    for line in report.summary(total):
        console.print(line, markup=False, soft_wrap=True)
    return 1 if total.violations else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulated", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds to play")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="play this seed alone")
    parser.add_argument("--trace", action="store_true", help="with --seed: print what happens")
    parser.add_argument("--variants", action="store_true", help="try the broken variants instead")
    parser.add_argument("--variant", help="with --seed: break production code like this variant")
    parser.add_argument("--limit", type=int, default=1000, help="with --variants: seeds to try each variant on")
    return parser.parse_args()


def _named(name: str | None) -> Variant | None:
    return next((variant for variant in VARIANTS if variant.name == name), None)


def _replay(seed: int, variant: Variant | None, *, trace: bool) -> int:
    say = print if trace else None
    played = play(seed, broken=variant.installed, say=say) if variant else play(seed, say=say)
    print(f"seed {seed}: {played.violation or 'all invariants hold'}; trace {played.digest}; {played.account}")
    return 1 if played.violation else 0


def _try_variants(limit: int, console: Console) -> int:
    caught = report.run_variants(limit, console)
    hits = sum(one.played is not None for one in caught)
    console.print(f"caught {hits}/{len(caught)} broken variants")
    return 0 if hits == len(caught) else 1


if __name__ == "__main__":
    sys.exit(main())
