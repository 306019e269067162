"""The drivers, found by looking: every module here that is not part of the seam, and every description, is a device."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import drivers
from drivers.described import description
from drivers.driver import Driver
from drivers.errors import UnknownDriver

_SEAM = frozenset({"catalogue", "driver", "errors"})


def known() -> tuple[str, ...]:
    """Return the names of all drivers, importing none."""
    return tuple(sorted({*_modules(), *description.built_in()}))


def load(name: str) -> type[Driver]:
    """Return a driver, of a name here or of a description's full path; raises UnknownDriver or BadDescription."""
    return description.driver(Path(name)) if name.startswith("/") else _of_name(name)


@cache
def _of_name(name: str) -> type[Driver]:
    if file := description.built_in().get(name):
        return description.driver(file)
    if name not in _modules():
        raise UnknownDriver(name, known(), _of_model(name))
    module = import_module(f"drivers.{name}")
    (driver,) = (
        thing
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, Driver) and thing.__module__ == module.__name__
    )
    return driver


def _modules() -> list[str]:
    return [m.name for m in iter_modules(drivers.__path__) if not m.ispkg and m.name not in _SEAM]


def _of_model(model: str) -> str | None:
    """Return the driver whose title names a model, as it is printed on the device."""
    drivers_of = {word.lower(): name for name in known() for word in re.findall(r"[\w-]+", load(name).title)}
    return drivers_of.get(model.lower())
