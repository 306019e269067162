"""All surfaces by name."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fuzz.surface import Surface
from tests.fuzz.targets import ack, batch, check, drivers, settings, spool, status, topic

SURFACES: Mapping[str, Surface] = {
    surface.name: surface
    for surface in (
        batch.SURFACE,
        check.SURFACE,
        topic.SURFACE,
        ack.SURFACE,
        status.SURFACE,
        spool.SURFACE,
        settings.AGENT,
        settings.HUB,
        drivers.SURFACE,
    )
}
