"""The keys of a device's description, with what each means; the same words stand in docs/devices.md."""

from __future__ import annotations

from drivers.parts.options import Choice, Flag, Number, Numbers, Option, Table, Text
from telemetry.catalogue import QUANTITIES

LINE: tuple[Option, ...] = (
    Number("baud", "the line's speed", 300, 4_000_000, default=9600, whole=True),
    Number("data_bits", "bits of a character", 7, 8, default=8, whole=True),
    Choice("parity", "N for none, E for even, O for odd", ("N", "E", "O"), default="N"),
    Number("stop_bits", "stop bits", 1, 2, default=1, whole=True),
)

DEVICE: tuple[Option, ...] = (
    Text("title", 'maker and models, like title = "Peacefair PZEM-004T v3"'),
    Choice("tested", "what the description rests on", ("captures", "data sheet only"), default="data sheet only"),
    Choice("sure", "A seen in two places, B seen once, C recalled in part", ("A", "B", "C"), default="C"),
    Text("power", "its supply, and the level of its line", default=""),
    Number("interval", "seconds between polls or lines", 0.1, 3600, default=5),
    Text("notes", "what a technician should know beyond that", default=""),
    Table("line", "a [line] table with baud"),
    Table("modbus", "a [modbus] table, for a register map", default={}),
    Table("text", "a [text] table, for a device that says lines", default={}),
    Table("value", "at least one [[value]]", several=True),
)

MODBUS: tuple[Option, ...] = (
    Number("address", "the address that the device has when it is bought", 1, 248, default=1, whole=True),
    Number("answer_seconds", "how long to wait for an answer", 0.05, 5, default=0.5),
)

TEXT: tuple[Option, ...] = (
    Choice("format", "how a line is divided", ("csv", "json", "key=value")),
    Text("separator", "what stands between two fields", default=","),
    Choice("decimal", 'what stands before the decimals, "." or ","', (".", ","), default="."),
    Text("prefix", "what each line of values begins with", default=""),
    Choice("check", '"xor" where a line ends in * and two hexadecimal digits, as in NMEA', ("none", "xor"), "none"),
    Number("longest", "bytes of the longest line", 8, 1024, default=256, whole=True),
    Text("request", "what to send to be told a line; nothing where the device talks by itself", default=""),
)

_ANY_VALUE: tuple[Option, ...] = (
    Choice("quantity", "what is measured", tuple(f"{q.family}.{q.name}" for q in QUANTITIES)),
    Text("unit", 'the unit in which the device says it, after the scale, like unit = "°C"', may_be_empty=True),
    Number("scale", "what to multiply with", -1e9, 1e9, default=1),
    Number("offset", "what to add after that", -1e9, 1e9, default=0),
    Numbers("errors", "raw values that stand for no value, like errors = [0x7FFF]", default=()),
    Numbers("range", "what the device can measure, in the unit, like range = [0, 60]", default=(), size=2),
    Flag("counter", "true for a sum that only grows: the difference to the reading before is told"),
)

REGISTER: tuple[Option, ...] = (
    *_ANY_VALUE,
    Number("register", "the register's number as it is sent, counted from 0", 0, 0xFFFF, whole=True),
    Number("function", "3 for a holding register, 4 for an input register", 3, 4, default=3, whole=True),
    Choice("type", "how the bits are read", ("uint16", "int16", "uint32", "int32", "float32"), default="uint16"),
    Choice("words", "which half of 32 bits comes first", ("high-first", "low-first"), default="high-first"),
    Number("wraps_at", "the count at which a counter begins again at 0", 2, 2**32, default=0, whole=True),
)

FIELD: tuple[Option, ...] = (
    *_ANY_VALUE,
    Text("key", "the field's name, in json with dots between the levels", default=""),
    Number("column", "the field's place in a csv line, counted from 1", 1, 64, default=0, whole=True),
    Number("wraps_at", "the count at which a counter begins again at 0", 2, 2**53, default=0, whole=True),
)
