"""What goes wrong in drivers, named by what the catcher does next; a bad frame is no error, it is counted.

DriverError
    UnknownDriver   refuse the configuration that names it
    BadOption       refuse the configuration that gives it
    BadDescription  refuse the configuration that names its file
"""

from __future__ import annotations

from difflib import get_close_matches


class DriverError(Exception):
    """Something that drivers cannot do."""


class UnknownDriver(DriverError):
    """A driver that this package does not hold."""

    def __init__(self, name: str, known: tuple[str, ...], of_model: str | None = None) -> None:
        """Keep the name and the known ones, and suggest the driver of that model, or the nearest name."""
        self.name = name
        self.known = known
        close = [of_model] if of_model else get_close_matches(name.lower(), known, n=1)
        meant = f"; did you mean {close[0]!r}?" if close else ""
        super().__init__(f"no driver {name!r}; there are {', '.join(known)}{meant}")


class BadOption(DriverError):
    """An option that a driver does not have, or not with such a value."""

    def __init__(self, name: str, why: str) -> None:
        """Keep the option's name and what is wrong with it."""
        self.name = name
        super().__init__(f"{name}: {why}")


class BadDescription(DriverError):
    """A file that does not describe a device."""

    def __init__(self, file: str, place: str, why: str) -> None:
        """Keep the file, the place in it and what is wrong there."""
        self.file = file
        self.place = place
        super().__init__(f"{file}: {place}: {why}" if place else f"{file}: {why}")
