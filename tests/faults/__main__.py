"""Runs the fault cases one after another and prints the table; `python -m tests.faults --list` names them."""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults import table
from tests.faults.case import Case, NotRun
from tests.faults.cases import CASES
from tests.faults.result import Result
from tests.faults.table import Line

_HOW = """\
Real agent, Mosquitto, hub and InfluxDB as processes of their own, and 24 readings a second from eight pseudo-terminals.
A ledger on the sensors' side notes each reading; the oracle compares it with the rows of the database, the spool, the
gaps and the dead letters, and uses no counter of the product. What a sensor says while nobody has its port open counts
as not emitted. Emitted is the sum of the six columns after it, and each gap is held against the numbers that are
missing. A reading may be lost before its commit, which comes within a second; a later loss, a doubled or a false row
violates an invariant and fails the run."""
_PEERS = """\
The same sensors, broker, database, faults and oracle; the scripts are in `bench/peers` and follow their libraries'
documentation. Peer (i) publishes with aiomqtt, QoS 1, and writes with influxdb-client's batching WriteApi under the
options of its README. Debian's InfluxDB 1.6 has no `/api/v2/write`, so a gate hands these writes on to `/write`
unchanged, as InfluxDB 1.8 does itself. Peer (ii) has no buffer but Mosquitto's persistence (unlimited queue, autosave
at its default) and writes each message until the database takes it. Both keep a persistent session. They have no
commit: what they lose within a second of a publisher's death stands in the first of the two columns of losses."""

REPORT = Path(__file__).parents[2] / "bench" / "FAULTS.md"


def main() -> int:
    """Run what was asked for; return 1 if an invariant was violated."""
    options = _options()
    if options.list:
        for case in CASES:
            print(f"{case.name:14} {case.title} ({case.full} trials, short {case.short or '-'})")
        return 0
    wanted = [c for c in CASES if _is_wanted(c, options.case) and (options.case or c.short or not options.short)]
    lines = [_run(case, (case.short or 1) if options.short else case.full, options.keep) for case in wanted]
    print("\n" + table.plain(lines))
    if variants := [line for line in lines if line.case.is_variant]:
        print(_caught(variants))
    report = options.report or (None if options.case or options.short else REPORT)
    if report is not None:
        report.write_text(_report(lines), encoding="utf-8")
        print(f"\nwritten to {report}")
    return int(any(line.failed for line in lines))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("case", nargs="*", help="cases by name; all without")
    parser.add_argument("--list", action="store_true", help="name the cases")
    parser.add_argument("--short", action="store_true", help="few trials, and only the cases of the short set")
    parser.add_argument("--keep", type=Path, help="a folder in which to keep what the cases leave behind")
    parser.add_argument("--report", type=Path, help="where to write the table; a full run writes bench/FAULTS.md")
    return parser.parse_args()


def _is_wanted(case: Case, names: Sequence[str]) -> bool:
    return case.name in names if names else not case.is_long


def _run(case: Case, trials: int, keep: Path | None) -> Line:
    """Run a case in a folder of its own and say how it went."""
    begun = time.monotonic()
    print(f"{case.name} {case.title}, {trials} trials …", flush=True)
    line = _tried(case, trials, keep)
    print(f"    {line.cells()[-1]} ({time.monotonic() - begun:.0f} s)", flush=True)
    return line


def _tried(case: Case, trials: int, keep: Path | None) -> Line:
    with tempfile.TemporaryDirectory(prefix="faults-") as temporary:
        folder = (keep or Path(temporary)) / case.name
        shutil.rmtree(folder, ignore_errors=True)
        try:
            return Line(case, case.run(folder, trials))
        except (NotRun, pytest.skip.Exception) as why:
            return Line(case, None, str(why))
        except Exception as error:  # noqa: BLE001  one broken case must not take the table with it
            traceback.print_exc()
            return Line(case, Result(trials=trials, violations=[f"the case broke: {type(error).__name__}: {error}"]))


def _caught(variants: Sequence[Line]) -> str:
    caught = sum(not line.failed for line in variants)
    return f"The product with one thing broken on purpose: {caught} of {len(variants)} caught."


def _report(lines: Sequence[Line]) -> str:
    command = shlex.join(["python", "-m", "tests.faults", *sys.argv[1:]])
    ran = [line for line in lines if line.result]
    peers = [line for line in ran if line.case.is_peer]
    variants = [line for line in ran if line.case.is_variant]
    ours = [line for line in ran if line not in peers and line not in variants]
    not_run = [f"* {line.case.name}, {line.case.title}: {line.why}" for line in lines if line.result is None]
    parts = [
        *("# Faults", "", f"Written by `make faults` ({command}) on {table.machine()}.", ""),
        *([_HOW, "", *table.markdown(ours), ""] if ours else ()),
        *(["## Peers under the same faults", "", _PEERS, "", *table.markdown(peers), ""] if peers else ()),
        *(["## Broken variants", "", _caught(variants), "", *table.markdown(variants), ""] if variants else ()),
        *(["## Not run", "", *not_run, ""] if not_run else ()),
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
