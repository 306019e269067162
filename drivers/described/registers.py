"""A Modbus RTU device from its register map: which registers to ask for, and what their bits mean.

Neighbouring registers of one function are asked for together; those between them, which a device may not have, never.
Source of the frames: Modbus over Serial Line 1.02; of each device: its description.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from struct import unpack
from typing import Any, ClassVar

from drivers.described.value import Value, measurements, value
from drivers.driver import Driver
from drivers.errors import BadOption
from drivers.parts import modbus
from drivers.parts.options import Number
from telemetry.reading import Measurement

_FORMATS = {"uint16": ">H", "int16": ">h", "uint32": ">I", "int32": ">i", "float32": ">f"}
_WHOLE_NUMBERS = {2: ">H", 4: ">I"}
_MOST = 125
"""Registers in one answer, by the standard."""


@dataclass(frozen=True, slots=True)
class Register:
    """Where a value lies, and how its bits are read."""

    value: Value
    function: int
    first: int
    type: str
    low_first: bool

    @property
    def size(self) -> int:
        """How many registers it takes."""
        return 2 if self.type.endswith("32") else 1

    def raw(self, data: bytes) -> float:
        """Return the raw number; error values are told as the bits stand in a manual, so they are compared unsigned."""
        ordered = data[2:] + data[:2] if self.low_first and self.size == 2 else data
        (bits,) = unpack(_WHOLE_NUMBERS[len(ordered)], ordered)
        if bits in self.value.errors:
            return float(bits)
        (number,) = unpack(_FORMATS[self.type], ordered)
        return float(number)


@dataclass(frozen=True, slots=True)
class Block:
    """Registers that are asked for together."""

    registers: tuple[Register, ...]

    @property
    def function(self) -> int:
        """The function to ask with."""
        return self.registers[0].function

    @property
    def first(self) -> int:
        """The first register."""
        return self.registers[0].first

    @property
    def count(self) -> int:
        """How many registers."""
        last = self.registers[-1]
        return last.first + last.size - self.first


class Modbus(Driver):
    """Asks for one block after the other, and reads the answers of its own address only."""

    blocks: ClassVar[tuple[Block, ...]]
    shares_line = True

    def __init__(self, **said: object) -> None:
        """Start with nothing heard; raises BadOption."""
        self._turn = -1
        super().__init__(**said)
        self.asks = len(self.blocks)

    def poll(self) -> bytes:
        """Return the request for the next block."""
        self.scanner.forget()
        self._turn = (self._turn + 1) % len(self.blocks)
        block = self.blocks[self._turn]
        return modbus.request(int(self.chosen["address"]), block.function, block.first, block.count)

    def framing(self) -> modbus.BusScanner:
        """Cut answers as long as those that are asked for, whoever gives them."""
        return modbus.BusScanner({(block.function, block.count) for block in self.blocks})

    def read(self, frame: bytes) -> tuple[Measurement, ...] | str | None:
        """Return the values of the block that was asked for, or the cause why there are none."""
        block = self.blocks[self._turn]
        if frame[0] != self.chosen["address"] or frame[1] & 0x7F != block.function:
            return "not-asked"
        if modbus.is_refusal(frame):
            return "error-code"
        data = modbus.registers(frame)
        if len(data) != 2 * block.count:
            return "not-asked"
        return measurements(
            (register.value.quantity, register.value.read(register.raw(_part(data, block, register)), self.memory))
            for register in block.registers
        )


def _part(data: bytes, block: Block, register: Register) -> bytes:
    start = 2 * (register.first - block.first)
    return data[start : start + 2 * register.size]


def register(said: Mapping[str, Any]) -> Register:
    """Return the register that checked keys describe; raises BadOption."""
    size = 2 if said["type"].endswith("32") else 1
    if said["counter"] and said["type"].startswith(("int", "float")):
        raise BadOption("type", "a counter is uint16 or uint32")
    wraps_at = said["wraps_at"] or (1 << 16 * size if said["counter"] else 0)
    found = Register(
        value({**said, "wraps_at": wraps_at}),
        said["function"],
        said["register"],
        said["type"],
        said["words"] == "low-first",
    )
    if found.first + size > 1 << 16:
        raise BadOption("register", "reaches beyond 65535")
    return found


def blocks(registers: Sequence[Register]) -> tuple[Block, ...]:
    """Return the registers in as few requests as can be, asking for none that is not described; raises BadOption."""
    found: list[Block] = []
    for each in sorted(registers, key=lambda register: (register.function, register.first)):
        last = found[-1] if found and found[-1].function == each.function else None
        if last and each.first < last.first + last.count:
            raise BadOption("register", f"{each.first} lies in the value before it")
        if last and each.first == last.first + last.count and last.count + each.size <= _MOST:
            found[-1] = Block((*last.registers, each))
        else:
            found.append(Block((each,)))
    return tuple(found)


def address(default: int) -> Number:
    """Return the option that says which of several devices on a line is meant."""
    return Number("address", "the device's address on the bus", 1, 248, default=default, whole=True)
