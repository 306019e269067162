"""A batch: consecutive readings committed together, as a line-protocol document with its identity in a comment.

    # simpang/1 epoch=5f0c91d2a7b3e846 batch=1042 lines=100
    air,site=simpang-empat,agent=se-1,sensor=dust pm2_5=12.3,quality=0i,seq=1042i 1763740800123001042
    ...

The whole document may be zstd-compressed, which its magic number tells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import zstandard

from telemetry.errors import BadBatch

LARGEST = 1024 * 1024
"""The most bytes that a document may have after decompression."""

MOST_LINES = 2_000
"""The most lines that a document may have, twice what an agent puts in one: each may be a dead letter."""

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_HEADER = re.compile(rb"# simpang/(\d{1,3}) epoch=([0-9a-f]{16}) batch=(\d{1,18}) lines=(\d{1,6})\n")
_VERSION = 1
_LARGEST_WINDOW = 8 * LARGEST


@dataclass(frozen=True, slots=True)
class Batch:
    """Readings as lines, each ended by a line feed, with the epoch and number that name them."""

    epoch: str
    number: int
    lines: int
    body: bytes

    def document(self) -> bytes:
        """Return the document that `mosquitto_sub`, Telegraf and InfluxDB's own /write understand."""
        return f"# simpang/{_VERSION} epoch={self.epoch} batch={self.number} lines={self.lines}\n".encode() + self.body

    def encode(self, *, compress: bool = True) -> bytes:
        """Return the payload to publish."""
        document = self.document()
        return zstandard.ZstdCompressor(level=3, write_checksum=True).compress(document) if compress else document


def decode(payload: bytes) -> Batch:
    """Return the batch in a payload; raises BadBatch, and never makes more than LARGEST bytes of it."""
    document = _decompressed(payload) if payload.startswith(ZSTD_MAGIC) else payload
    if len(document) > LARGEST:
        raise BadBatch(f"the document has {len(document)} bytes; {LARGEST} are allowed")
    header = _HEADER.match(document)
    if header is None:
        raise BadBatch(f"the first line is not a batch header: {document[:60]!r}")
    version, epoch, number, lines = header.groups()
    if int(version) != _VERSION:
        raise BadBatch(f"the document speaks simpang/{int(version)}; this hub understands simpang/{_VERSION}")
    if int(lines) > MOST_LINES:
        raise BadBatch(f"the header promises {int(lines)} lines; {MOST_LINES} are allowed")
    body = document[header.end() :]
    counted = body.count(b"\n")
    if counted != int(lines) or not body.endswith(b"\n"):
        raise BadBatch(f"the header promises {int(lines)} lines; {counted} came whole")
    return Batch(epoch.decode(), int(number), int(lines), body)


def _decompressed(payload: bytes) -> bytes:
    try:
        reader = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).stream_reader(payload)
        return reader.read(LARGEST + 1)
    except zstandard.ZstdError as error:
        raise BadBatch(f"the payload does not decompress: {error}") from error
