"""Puts the spool to every fault of its disk and prints a table; ends with 1 where a promise was broken.

python -m tests.faults.disk [--images 1000] [--short] [--only power kills rot refusals sharing broken blocks]
"""

from __future__ import annotations

import argparse
import logging
import sys
import time

from tests.faults.disk.proof import score
from tests.faults.disk.row import table
from tests.faults.disk.run import CASES, all_rows

_SHOWN = 20


def main() -> int:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.disk")
    parser.add_argument("--images", type=int, default=2_000, help="crash images to make (default 2000)")
    parser.add_argument("--short", action="store_true", help="the short set")
    parser.add_argument("--only", nargs="+", choices=CASES, default=CASES)
    said = parser.parse_args()
    logging.disable(logging.CRITICAL)
    began, rows = time.monotonic(), []
    for row in all_rows(images=said.images, short=said.short, only=said.only):
        rows.append(row)
        found = "".join(f"\n          {failure}" for failure in row.failures[:_SHOWN])
        sys.stderr.write(f"{time.monotonic() - began:6.0f} s  {row.case}: {len(row.failures)} failures{found}\n")
    print(table(rows))
    print(score(rows))
    return int(any(row.failures for row in rows))


if __name__ == "__main__":
    raise SystemExit(main())
