"""The payload that a hub takes for a batch."""

from __future__ import annotations

from collections.abc import Sequence

import zstandard
from hypothesis import strategies as st

from telemetry import batch
from telemetry.batch import LARGEST, MOST_LINES, Batch
from telemetry.errors import BadBatch
from tests.fuzz.surface import Surface
from tests.support.lines import AIR, CROSSING

_EPOCH = "5f0c91d2a7b3e846"
_HEADER = "# simpang/{} epoch={} batch={} lines={}\n"
_NUMBERS = st.integers(-1, 10**19) | st.integers(0, 12) | st.sampled_from(["", "01", "٣", "1e1", "+1", 1_000_000])


def seeds() -> Sequence[bytes]:
    """Return batches, plain and compressed, by us and by others."""
    said = [Batch(_EPOCH, 1042, 2, AIR + CROSSING), Batch("0" * 16, 1, 1, AIR), Batch(_EPOCH, 7, 40, AIR * 40)]
    plain = [b.encode(compress=False) for b in said]
    return [*plain, *(b.encode() for b in said), *map(_streamed, plain)]


def _streamed(document: bytes) -> bytes:
    """Return a document compressed without its size or a checksum."""
    writer = zstandard.ZstdCompressor(level=1, write_content_size=False).compressobj()
    return writer.compress(document) + writer.flush()


def heavy() -> Sequence[bytes]:
    """Return the longest documents, with few and with many lines, and bombs."""
    start = _HEADER.format(1, _EPOCH, 1, MOST_LINES).encode()
    most = start + b"\n" * (MOST_LINES - 1)
    longest = most + b"x" * (LARGEST - len(most) - 1) + b"\n"
    bomb = start + b"\n" * (64 * LARGEST)
    claim = batch.ZSTD_MAGIC + b"\xe0" + (1 << 40).to_bytes(8, "little") + b"\x01\x00\x00"
    return [longest, _streamed(longest), _streamed(bomb), bomb[: 4 * LARGEST], claim, _streamed(bomb) * 3]


@st.composite
def _documents(draw: st.DrawFn) -> bytes:
    lines = draw(st.lists(st.binary(max_size=20) | st.just(AIR), max_size=8))
    body = b"".join(line if line.endswith(b"\n") else line + b"\n" for line in lines)
    count = draw(st.just(body.count(b"\n")) | _NUMBERS)
    epoch = draw(st.just(_EPOCH) | st.text("0123456789abcdefABCDEF", min_size=15, max_size=17))
    document = _HEADER.format(draw(st.just(1) | _NUMBERS), epoch, draw(_NUMBERS), count).encode() + body
    return draw(st.sampled_from([bytes, _streamed, zstandard.compress]))(document)


def judge(data: bytes, said: Batch) -> None:
    """See that it is whole, within bounds, and can be said again."""
    document = said.document()
    assert len(document) <= LARGEST
    assert 1 <= said.lines <= MOST_LINES
    assert said.body.count(b"\n") == said.lines
    assert said.body.endswith(b"\n")
    assert len(said.epoch) == 16
    assert set(said.epoch) <= set("0123456789abcdef")
    assert 0 <= said.number < 10**18
    assert batch.decode(said.encode()) == batch.decode(document) == said
    assert data.startswith(batch.ZSTD_MAGIC) or data.endswith(said.body)


SURFACE = Surface(
    "batch",
    batch.decode,
    (BadBatch,),
    judge,
    seeds,
    _documents(),
    (b"# simpang/1 epoch=", b" batch=", b" lines=", b"\n", batch.ZSTD_MAGIC, b"\x28\xb5\x2f\xfd\x00"),
    heavy,
)
