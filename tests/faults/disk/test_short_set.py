"""The short set: every case of the disk with fewer trials than `python -m tests.faults.disk` makes."""

from __future__ import annotations

import pytest

from tests.faults.disk.run import CASES, all_rows

_IMAGES = 100


@pytest.mark.parametrize("case", CASES)
def test_the_spool_stands(case: str):
    rows = list(all_rows(images=_IMAGES, short=True, only=[case]))
    tried = [row for row in rows if not row.skipped]
    if not tried:
        pytest.skip(rows[0].skipped)
    assert [f"{row.case}: {failure}" for row in tried for failure in row.failures] == []
    assert all(row.trials for row in tried)
