"""Fixtures that several rooms' tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support import leaks, servers
from tests.support.servers import Server


@pytest.fixture(autouse=True)
async def nothing_is_left_behind() -> AsyncIterator[None]:
    """Fail a test after which a task, a thread, a child process or a listening port goes on."""
    before = leaks.held()
    yield
    assert not leaks.own_tasks()
    left = await leaks.left_after_grace(before)
    assert not left, f"left behind: {sorted(left)}"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Server]:
    """A real Mosquitto."""
    with servers.running(servers.mosquitto(tmp_path / "mosquitto")) as server:
        yield server


@pytest.fixture
def influx1(tmp_path: Path) -> Iterator[Server]:
    """A real InfluxDB 1.6."""
    with servers.running(servers.influxdb1(tmp_path / "influxdb")) as server:
        yield server


@pytest.fixture
def victoria(tmp_path: Path) -> Iterator[Server]:
    """A real VictoriaMetrics."""
    with servers.running(servers.victoria_metrics(tmp_path / "victoria")) as server:
        yield server
