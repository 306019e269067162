"""A process that commits readings as fast as it can and says each batch number once its commit has returned."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.spooling import STAMP, opened, taken

if __name__ == "__main__":
    spool = opened(Path(sys.argv[1]))
    while True:
        number = spool.commit([taken(), taken(sensor="co2")], STAMP)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
