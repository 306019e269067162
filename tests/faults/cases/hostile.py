"""R33: whatever can be published is published, while honest readings flow; none of it may become a row."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import zstandard

from tests.faults import mqtt_frames
from tests.faults.bed import Bed, Setup, bed
from tests.faults.case import Case
from tests.faults.ear import ACK, BATCH
from tests.faults.mqtt_frames import Splitter
from tests.faults.result import Result
from tests.support import influx

_HUB = """[[agent]]
site = "simpang-empat"
agent = "se-1"
[[agent]]
site = "simpang-lima"
agent = "se-5"
sensors = ["dust"]
"""
"""The second is registered and hostile."""

_EVIL = "simpang/v1/simpang-lima/se-5/up/readings"
_HEAD = "# simpang/1 epoch=00000000deadbeef batch={number} lines={lines}\n"
_ADDRESS = "site=simpang-lima,agent=se-5,sensor=dust"


def _batch(number: int, *lines: bytes) -> bytes:
    return _HEAD.format(number=number, lines=len(lines)).encode() + b"".join(line + b"\n" for line in lines)


def _air(fields: str, *, tags: str = _ADDRESS, time_ns: int | None = None) -> bytes:
    return f"air,{tags} {fields},quality=0i,seq=1i {time_ns or time.time_ns() // 10**6 * 10**6 + 1}".encode()


def _lines() -> Iterator[bytes]:
    """Yield lines that no schema knows."""
    for value in (
        "NaN",
        "Inf",
        "-Inf",
        "1e999",
        "9" * 400,
        '"x"',
        "t",
        "0x7F",
        "1_000",
        "١٢",
        "12i",
        "",
        "1.5,pm2_5=2",
    ):
        yield _air(f"pm2_5={value}")
    for tags in (
        "site=simpang-empat,agent=se-1,sensor=dust-1", f"{_ADDRESS},x=y", f"{_ADDRESS}\\,class=car", "sensor=dust",
        _ADDRESS.replace("dust", "du st"), _ADDRESS.replace("dust", 'du"st'), _ADDRESS.replace("dust", "d\x00ust"),
        _ADDRESS.replace("dust", "../../etc"), _ADDRESS.replace("dust", "ѕensor"), _ADDRESS.replace("dust", "a" * 5000),
    ):  # fmt: skip
        yield _air("pm2_5=1.5", tags=tags)
    for stamp in (-1, 1, 10**18, 9_223_372_036_854_775_807, 10**25):
        yield _air("pm2_5=1.5", time_ns=stamp)
    yield b"cpu,host=x value=1 1763740800123001042"
    yield b"air " + b"," * 10_000
    yield b"\xff\xfe\x00" * 100
    yield _air("pm2_5=1.5") + b"\r"
    yield b"# simpang/1 epoch=00000000deadbeef batch=1 lines=1"


def _payloads(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield topics and payloads, each worse than nothing."""
    for number, line in enumerate(_lines()):
        yield _EVIL, _batch(number, line)
    good = _batch(1, _air("pm2_5=1.5", tags="site=simpang-empat,agent=se-1,sensor=dust-1"))
    bomb = zstandard.ZstdCompressor().compress(bytes(256 * 1024 * 1024))
    yield from ((_EVIL, body) for body in (b"", b"\x00", bomb, good, b"[" * 100_000, b"x" * 2_000_000, good * 10_000))
    yield _EVIL, _HEAD.format(number=1, lines=999_999).encode() + b"a\n" * 999_999
    yield _EVIL, _HEAD.format(number=10**30, lines=-1).encode()
    for level in ("", "a/b", "ü", "a b", "x" * 3000, "..", "%2e", "\u200b"):
        yield f"simpang/v1/{level}/se-5/up/readings", good
        yield f"simpang/v1/simpang-lima/{level}/up/status", b'{"state":"online"}'
    for body in (b"{}", b'{"state":["x"]}', b'{"state":"online","version":"' + b"v" * 50_000 + b'"}', b"[" * 50_000):
        yield "simpang/v1/simpang-lima/se-5/up/status", body
    yield "simpang/v1/simpang-empat/se-1/down/ack", b'{"epoch":"0000000000000000","batch":1,"stored":99,"dead":[]}'
    yield "simpang/v1/simpang-empat/se-1/down/ack", b"[" * 100_000
    for _ in range(200):
        yield _EVIL, _mutated(chance, good)


def _mutated(chance: random.Random, good: bytes) -> bytes:
    body = bytearray(good)
    for _ in range(chance.randrange(1, 8)):
        body[chance.randrange(len(body))] = chance.randrange(256)
    return bytes(body)


def _tags(many: int) -> Iterator[tuple[str, bytes]]:
    """Yield batches of a registered agent that names a new sensor, label or agent in each line."""
    for first in range(0, many, 100):
        names = [f"{_ADDRESS.rsplit('=', 1)[0]}=s-{n}" for n in range(first, first + 100)]
        yield _EVIL, _batch(10_000 + first, *(_air("pm2_5=1.5", tags=name) for name in names))
        yield f"simpang/v1/nowhere/n-{first}/up/readings", _batch(1, _air("pm2_5=1.5"))


def _attack(b: Bed, chance: random.Random, tags: int) -> int:
    """Publish it all and return how many messages the broker took."""
    taken = 0
    for topic, payload in (*_payloads(chance), *_tags(tags)):
        taken += _published(b.broker.port, [(topic, payload)])
    return taken


def _published(port: int, messages: list[tuple[str, bytes]]) -> int:
    """Publish with QoS 1 on a connection of its own, which the broker may well end; return how many it took."""
    taken, splitter = 0, Splitter()
    with closing(socket.create_connection(("127.0.0.1", port), timeout=5)) as sock:
        sock.sendall(mqtt_frames.connect("intruder"))
        try:
            for number, (topic, payload) in enumerate(messages, start=1):
                sock.sendall(mqtt_frames.publish(topic, payload, number))
            while taken < len(messages) and (data := sock.recv(4096)):
                taken += sum(raw[0] == mqtt_frames.PUBACK for raw in splitter.feed(data))
        except OSError:
            return taken
    return taken


def _hostile(folder: Path, trials: int) -> Result:
    setup = Setup(registration='registration = "closed"', hub=_HUB, resend_seconds=2)
    with bed(folder, setup) as b:
        b.run_for(5)
        calm, before, pid = _slowest_ack(b, 0.0), _series(b), b.hub.running and b.hub.running.pid
        begun, taken = time.monotonic(), 0
        for turn in range(trials):
            taken += _attack(b, random.Random(33 + turn), 10_000 if turn == 0 else 500)
        b.run_for(5)
        attacked, after = _slowest_ack(b, begun), _series(b)
        b.drain()
        result = b.judged(Result(trials=taken))
        result.demand(b.hub.running and b.hub.running.poll() is None and b.hub.running.pid == pid, "the hub has died")
    foreign = after - before - {s for s in after if ",sensor=link" in s}
    result.demand(not foreign, f"I3 {len(foreign)} new series, like {sorted(foreign)[:2]}")
    rows = [row for row in b.hostile_rows if row["sensor"] != "link"]
    result.demand(not rows, f"I3 {len(rows)} hostile rows, like {rows[:1]}")
    result.notes.append(f"{taken} hostile messages, 0 rows and {len(foreign)} series of them")
    result.notes.append(f"longest from batch to ack {calm:.2f} s in peace, {attacked:.2f} s under attack")
    result.notes.append(f"hub RSS peak {b.hub.peak_rss / 1e6:.0f} MB")
    return result


def _series(b: Bed) -> set[str]:
    b.hostile_rows = influx.query(b.influx, "SELECT * FROM air WHERE agent != 'se-1'")
    return {row["key"] for row in influx.query(b.influx, "SHOW SERIES")}


def _slowest_ack(b: Bed, since: float) -> float:
    """Return the longest time from a batch of the honest agent to the next word of the hub."""
    waits = []
    for at in b.ear.heard[BATCH]:
        heard = b.ear.first_after(ACK, at)
        if at >= since and heard is not None:
            waits.append(heard - at)
    return max(waits, default=0.0)


CASES = (Case("R33", "hostile MQTT: bombs, NaN, bad UTF-8, strangers, 10,000 names", _hostile, 3, 1),)
