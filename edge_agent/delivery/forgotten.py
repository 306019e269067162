"""Batches that the hub has, and whose rows lie in the file until many are deleted in one go."""

from __future__ import annotations

from collections.abc import Collection, Iterator


class Forgotten:
    """Numbers, with what their rows take, in the order in which they were forgotten."""

    def __init__(self) -> None:
        """Begin with none."""
        self._rows: dict[int, tuple[int, int]] = {}
        self.readings = self.bytes = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[int]:
        return iter(self._rows)

    def __contains__(self, number: int) -> bool:
        return number in self._rows

    def add(self, number: int, readings: int, size: int) -> None:
        """Note a batch that was not there yet."""
        self._rows[number] = readings, size
        self.readings += readings
        self.bytes += size

    def rows(self, numbers: Collection[int]) -> list[tuple[int, int, int]]:
        """Return number, readings and bytes of some batches."""
        return [(number, *self._rows[number]) for number in numbers]

    def drop(self, numbers: Collection[int]) -> None:
        """Take batches out whose rows are deleted."""
        for number in numbers:
            readings, size = self._rows.pop(number)
            self.readings -= readings
            self.bytes -= size
