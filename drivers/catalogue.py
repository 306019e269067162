"""The drivers of this package, found by looking: every module here that is not part of the seam is a device."""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import iter_modules

import drivers
from drivers.driver import Driver
from drivers.errors import UnknownDriver

_SEAM = frozenset({"catalogue", "driver", "errors"})


def known() -> tuple[str, ...]:
    """Return the names of all drivers, importing none."""
    return tuple(sorted(m.name for m in iter_modules(drivers.__path__) if not m.ispkg and m.name not in _SEAM))


def load(name: str) -> type[Driver]:
    """Import one driver's module and return its class; raises UnknownDriver."""
    names = known()
    if name not in names:
        raise UnknownDriver(name, names, _of_model(name))
    module = import_module(f"drivers.{name}")
    (driver,) = (
        thing
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, Driver) and thing.__module__ == module.__name__
    )
    return driver


def _of_model(model: str) -> str | None:
    """Return the driver whose title names a model, as it is printed on the device."""
    drivers_of = {word.lower(): name for name in known() for word in re.findall(r"[\w-]+", load(name).title)}
    return drivers_of.get(model.lower())
