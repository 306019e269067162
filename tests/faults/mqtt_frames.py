"""MQTT 3.1.1 packets as bytes: just enough to listen, to speak as ten thousand clients and to look into a stream."""

from __future__ import annotations

from dataclasses import dataclass

CONNACK, PUBLISH, PUBACK, SUBACK, PINGREQ = 0x20, 0x30, 0x40, 0x90, b"\xc0\x00"


def text(said: str) -> bytes:
    """Return a string as MQTT writes it."""
    data = said.encode()
    return len(data).to_bytes(2, "big") + data


def packet(head: int, body: bytes) -> bytes:
    """Return a packet with its length."""
    size, length = len(body), bytearray()
    while True:
        size, digit = divmod(size, 128)
        length.append(digit | (0x80 if size else 0))
        if not size:
            return bytes([head]) + bytes(length) + body


def connect(name: str, *, keepalive: int = 60, clean: bool = True) -> bytes:
    """Return a CONNECT."""
    flags = 0x02 if clean else 0x00
    return packet(0x10, text("MQTT") + bytes([4, flags]) + keepalive.to_bytes(2, "big") + text(name))


def subscribe(number: int, *topics: str, qos: int = 0) -> bytes:
    """Return a SUBSCRIBE."""
    return packet(0x82, number.to_bytes(2, "big") + b"".join(text(topic) + bytes([qos]) for topic in topics))


def publish(topic: str, payload: bytes, number: int = 0) -> bytes:
    """Return a PUBLISH, with QoS 1 where it has a number."""
    middle = number.to_bytes(2, "big") if number else b""
    return packet(0x32 if number else 0x30, text(topic) + middle + payload)


def puback(number: int) -> bytes:
    """Return a PUBACK."""
    return packet(PUBACK, number.to_bytes(2, "big"))


@dataclass(frozen=True, slots=True)
class Published:
    """What a PUBLISH says; the number is 0 with QoS 0."""

    topic: str
    number: int
    payload: bytes


def published(raw: bytes) -> Published | None:
    """Return what a packet publishes, None if it is of another kind."""
    if raw[0] & 0xF0 != PUBLISH:
        return None
    start = next(at for at in range(1, 5) if not raw[at] & 0x80) + 1
    size = int.from_bytes(raw[start : start + 2], "big")
    end = start + 2 + size
    topic = raw[start + 2 : end].decode(errors="replace")
    number = int.from_bytes(raw[end : end + 2], "big") if raw[0] & 0x06 else 0
    return Published(topic, number, raw[end + (2 if raw[0] & 0x06 else 0) :])


class Splitter:
    """Cuts a stream of bytes into packets."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes and return the packets that are whole now."""
        self._rest += data
        whole: list[bytes] = []
        while (size := _size(self._rest)) is not None and len(self._rest) >= size:
            whole.append(self._rest[:size])
            self._rest = self._rest[size:]
        return whole


def _size(data: bytes) -> int | None:
    """Return the size of the first packet, None while its length is not there."""
    length = 0
    for at in range(1, min(len(data), 5)):
        length |= (data[at] & 0x7F) << (7 * (at - 1))
        if not data[at] & 0x80:
            return at + 1 + length
    return None
