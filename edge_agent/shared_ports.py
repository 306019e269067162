"""Which sensors may stand on one port: those that are asked by their address, each by another, all at one speed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from drivers.catalogue import load
from drivers.driver import LineSettings
from drivers.errors import DriverError
from drivers.parts.options import checked
from service.places import Place
from service.settings import shown


@dataclass(frozen=True, slots=True)
class _Tenant:
    """A sensor on a port."""

    place: Place
    line: LineSettings | None
    """None where it needs the port for itself."""
    address: object


def shared_ports(sensors: Iterable[tuple[Place, Mapping[str, Any]]]) -> Iterable[tuple[Place, str]]:
    """Return what keeps a sensor from standing on the port of one before it."""
    tenants: dict[str, list[_Tenant]] = {}
    for place, entry in sensors:
        port, tenant = entry.get("port"), _tenant(place, entry)
        if not isinstance(port, str) or tenant is None:
            continue
        before = tenants.setdefault(port, [])
        if before and (why := _quarrel(tenant, before)):
            yield (*place, "port"), f"{port!r} is already {shown((*before[0].place, 'port'))}; {why}"
        before.append(tenant)


def _tenant(place: Place, entry: Mapping[str, Any]) -> _Tenant | None:
    """Return a sensor, None where its own faults keep it from being understood."""
    try:
        driver = load(str(entry.get("driver")))
        address = checked(driver.options, dict(entry.get("options", {}))).get("address")
    except (DriverError, TypeError, ValueError):
        return None
    baud = entry.get("baud")
    line = replace(driver.line, baud=baud if isinstance(baud, int) else driver.line.baud)
    return _Tenant(place, line if driver.shares_line else None, address)


def _quarrel(tenant: _Tenant, before: list[_Tenant]) -> str | None:
    first = before[0]
    if tenant.line is None or first.line is None:
        return "each needs its own: only devices that are asked by their address share one"
    if tenant.line != first.line:
        return f"and runs at {first.line}, this one at {tenant.line}: a line has one speed (baud)"
    if tenant.address in [other.address for other in before]:
        return f"and address {tenant.address} is taken: say another in options = {{ address = … }}"
    return None
