"""`python -m tests`: all tests, the long sets beside the rest for the sake of two cores; with arguments, pytest."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_PYTEST = (sys.executable, "-m", "pytest")
_ROOT = Path(__file__).parent
_BESIDE = (
    *(f"tests/{room}" for room in ("drivers", "faults", "fuzz", "simulated", "soak", "vision")),
    *sorted(f"tests/hub/{file.name}" for file in (_ROOT / "hub").glob("test_complete*.py")),
)
"""Half of what takes long."""


def main(arguments: Sequence[str]) -> int:
    """Run, print both outcomes one after the other, and return the first exit code that is not 0."""
    if arguments:
        return subprocess.call([*_PYTEST, *arguments])
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        command = [*_PYTEST, "-p", "no:cacheprovider", *_BESIDE]
        with subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as beside:
            try:
                code = subprocess.call([*_PYTEST, *(f"--ignore={path}" for path in _BESIDE)])
                beside.wait()
            finally:
                beside.terminate()
        output.seek(0)
        sys.stdout.write(output.read())
    return code or beside.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
