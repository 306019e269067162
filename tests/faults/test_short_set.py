"""The short set of the fault cases, each a test of its own; `make faults` runs all of them with all trials."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.case import Case, NotRun
from tests.faults.cases import CASES

SHORT = [case for case in CASES if case.short]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("case", SHORT, ids=lambda case: case.name)
def test_case_holds(case: Case, tmp_path: Path) -> None:
    assert case.short is not None
    try:
        result = case.run(tmp_path / case.name, case.short)
    except NotRun as why:
        pytest.skip(str(why))
    assert result.violations == []
    assert result.counts.emitted > 0
