"""A batch document: whole or refused, whatever happened to its bytes, and never larger than allowed in memory."""

from __future__ import annotations

import tracemalloc

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from telemetry.batch import LARGEST, MOST_LINES, ZSTD_MAGIC, Batch, decode
from telemetry.errors import BadBatch
from tests.support.lines import AIR, CROSSING, PROPERTY

EPOCH = "5f0c91d2a7b3e846"
BATCH = Batch(EPOCH, 1042, 2, AIR + CROSSING)
DOCUMENT = b"# simpang/1 epoch=5f0c91d2a7b3e846 batch=1042 lines=2\n" + AIR + CROSSING
MEGABYTE = 1 << 20

bodies = st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"") + b"\n"), min_size=1, max_size=20)
batches = st.builds(
    lambda epoch, number, lines: Batch(f"{epoch:016x}", number, len(lines), b"".join(lines)),
    st.integers(0, 2**64 - 1),
    st.integers(0, 10**18 - 1),
    bodies,
)


def header(text: str, body: bytes = AIR) -> bytes:
    return text.encode() + b"\n" + body


def damaged(payload: bytes) -> list[Batch]:
    """Return what a damaged payload decodes to: nothing, or one batch."""
    try:
        return [decode(payload)]
    except BadBatch:
        return []


def squeezed(document: bytes, *, window: int = 20, size: bool = False, magicless: bool = False) -> bytes:
    """Return a document compressed with a window of 2^window bytes, its size told or not."""
    kind = zstandard.FORMAT_ZSTD1_MAGICLESS if magicless else zstandard.FORMAT_ZSTD1
    how = zstandard.ZstdCompressionParameters(
        compression_level=1, window_log=window, write_content_size=size, format=kind
    )
    writer = zstandard.ZstdCompressor(compression_params=how).compressobj()
    return writer.compress(document) + writer.flush()


def bomb(megabytes: int) -> bytes:
    """Return a small payload that would expand to so many megabytes of empty lines."""
    writer = zstandard.ZstdCompressor(level=1).compressobj()
    start = writer.compress(f"# simpang/1 epoch={EPOCH} batch=1 lines=999999\n".encode())
    lines = b"\n" * MEGABYTE
    return start + b"".join(writer.compress(lines) for _ in range(megabytes)) + writer.flush()


def test_the_document_of_the_contract_byte_for_byte() -> None:
    assert BATCH.document() == DOCUMENT
    assert BATCH.encode(compress=False) == DOCUMENT


@pytest.mark.parametrize("compress", [True, False])
@PROPERTY
@given(batch=batches)
def test_every_batch_is_read_back(compress: bool, batch: Batch) -> None:
    assert decode(batch.encode(compress=compress)) == batch


def test_compressing_pays_and_is_recognised_by_its_magic_number() -> None:
    batch = Batch(EPOCH, 1, 100, AIR * 100)
    assert batch.encode().startswith(ZSTD_MAGIC)
    assert len(batch.encode()) < len(batch.document()) // 10


def test_a_document_compressed_by_others_without_size_or_checksum_is_read() -> None:
    assert decode(squeezed(DOCUMENT)) == BATCH
    assert decode(squeezed(DOCUMENT, size=True)) == BATCH


@pytest.mark.parametrize("compress", [True, False])
def test_no_cut_payload_says_anything_but_the_whole(compress: bool) -> None:
    payload = BATCH.encode(compress=compress)
    heard = [batch for end in range(len(payload)) for batch in damaged(payload[:end])]
    assert all(batch == BATCH for batch in heard)
    assert len(heard) <= 4  # the bytes of a checksum, whose absence changes nothing
    assert not damaged(payload[: len(payload) // 2])


def test_no_flipped_bit_of_a_compressed_payload_changes_what_it_says() -> None:
    payload = Batch(EPOCH, 7, 20, (AIR + CROSSING) * 10).encode()
    whole = decode(payload)
    flipped = [
        payload[:at] + bytes([payload[at] ^ 1 << bit]) + payload[at + 1 :]
        for at in range(len(payload))
        for bit in range(8)
    ]
    heard = [batch for wrong in flipped for batch in damaged(wrong)]
    assert all(batch == whole for batch in heard)
    assert len(heard) < len(flipped) // 20


@PROPERTY
@given(st.data())
def test_no_rewritten_bytes_of_a_compressed_payload_change_what_it_says(data: st.DataObject) -> None:
    payload = BATCH.encode()
    start = data.draw(st.integers(0, len(payload) - 1))
    other = data.draw(st.binary(max_size=12))
    end = data.draw(st.integers(start, min(start + 12, len(payload))))
    assert all(batch == BATCH for batch in damaged(payload[:start] + other + payload[end:]))


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "not a batch header"),
        (b"\n", "not a batch header"),
        (AIR, "not a batch header"),
        (b"\n" + DOCUMENT, "not a batch header"),
        (b" " + DOCUMENT, "not a batch header"),
        (b"\xef\xbb\xbf" + DOCUMENT, "not a batch header"),
        (DOCUMENT.replace(b"\n", b"\r\n"), "not a batch header"),
        (header("#simpang/1 epoch=5f0c91d2a7b3e846 batch=1 lines=1"), "not a batch header"),
        (header("# Simpang/1 epoch=5f0c91d2a7b3e846 batch=1 lines=1"), "not a batch header"),
        (header("# simpang/1 epoch=5F0C91D2A7B3E846 batch=1 lines=1"), "not a batch header"),
        (header("# simpang/1 epoch=5f0c91d2a7b3e84 batch=1 lines=1"), "not a batch header"),
        (header("# simpang/1 epoch=5f0c91d2a7b3e8466 batch=1 lines=1"), "not a batch header"),
        (header("# simpang/1 batch=1 epoch=5f0c91d2a7b3e846 lines=1"), "not a batch header"),
        (header("# simpang/1 epoch=5f0c91d2a7b3e846 batch=-1 lines=1"), "not a batch header"),
        (header("# simpang/1 epoch=5f0c91d2a7b3e846 batch=1e3 lines=1"), "not a batch header"),
        (header(f"# simpang/1 epoch=5f0c91d2a7b3e846 batch={10**18} lines=1"), "not a batch header"),
        (header("# simpang/1 epoch=5f0c91d2a7b3e846 batch=1 lines=1 "), "not a batch header"),
        (header("# simpang/1 epoch=5f0c91d2a7b3e846 batch=1 lines=1 x=1"), "not a batch header"),
        (header("# simpang/1 epoch=5f0c91d2a7b3e846 batch=1 lines=0000001"), "not a batch header"),
        (header("# simpang/1 epoch=5f0c91d2a7b3e846 batch=٣ lines=1"), "not a batch header"),
        (header("# simpang/2 epoch=5f0c91d2a7b3e846 batch=1 lines=1"), "speaks simpang/2"),
        (header("# simpang/0 epoch=5f0c91d2a7b3e846 batch=1 lines=1"), "speaks simpang/0"),
        (header("# simpang/1 epoch=5f0c91d2a7b3e846 batch=1 lines=0"), "promises 0 lines; 1 came"),
        (header("# simpang/1 epoch=5f0c91d2a7b3e846 batch=1 lines=0", b""), "promises 0 lines; 0 came"),
        (header("# simpang/1 epoch=5f0c91d2a7b3e846 batch=1 lines=1", b""), "promises 1 lines; 0 came"),
        (header("# simpang/1 epoch=5f0c91d2a7b3e846 batch=1 lines=2"), "promises 2 lines; 1 came"),
        (header("# simpang/1 epoch=5f0c91d2a7b3e846 batch=1 lines=1", AIR * 2), "promises 1 lines; 2 came"),
        (header("# simpang/1 epoch=5f0c91d2a7b3e846 batch=1 lines=1", AIR[:-1]), "promises 1 lines; 0 came"),
        (header("# simpang/1 epoch=5f0c91d2a7b3e846 batch=1 lines=1", AIR + AIR[:-1]), "promises 1 lines; 1 came"),
        (header(f"# simpang/1 epoch=5f0c91d2a7b3e846 batch=1 lines={MOST_LINES + 1}"), f"{MOST_LINES} are allowed"),
        (ZSTD_MAGIC, "not a batch header"),
        (ZSTD_MAGIC + b"\xff" * 40, "does not decompress"),
        (BATCH.encode()[1:], "not a batch header"),
        (squeezed(DOCUMENT, magicless=True), "not a batch header"),
        (squeezed(squeezed(DOCUMENT)), "not a batch header"),
    ],
)
def test_what_is_no_batch_is_refused_with_a_short_reason(payload: bytes, why: str) -> None:
    with pytest.raises(BadBatch, match=why) as refused:
        decode(payload)
    assert len(str(refused.value)) < 500


def test_the_longest_document_is_read_and_one_byte_more_is_not() -> None:
    start = f"# simpang/1 epoch={EPOCH} batch=1 lines=1\n".encode()
    longest = start + b"x" * (LARGEST - len(start) - 1) + b"\n"
    for payload in (longest, squeezed(longest)):
        assert len(decode(payload).document()) == LARGEST
    longer = start + b"x" * (LARGEST - len(start)) + b"\n"
    for payload in (longer, squeezed(longer)):
        with pytest.raises(BadBatch, match="bytes; 1048576 are allowed"):
            decode(payload)


def test_as_many_lines_as_allowed_are_read() -> None:
    body = b"x\n" * MOST_LINES
    assert decode(Batch(EPOCH, 1, MOST_LINES, body).encode()).lines == MOST_LINES


def test_a_bomb_is_refused_without_being_unpacked() -> None:
    payload = bomb(256)
    assert len(payload) < LARGEST // 16
    tracemalloc.start()
    try:
        with pytest.raises(BadBatch, match="bytes; 1048576 are allowed"):
            decode(payload)
        assert tracemalloc.get_traced_memory()[1] < 4 * MEGABYTE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("window", [24, 27, 31])
def test_a_document_that_asks_for_a_large_window_is_refused(window: int) -> None:
    with pytest.raises(BadBatch, match="does not decompress"):
        decode(squeezed(DOCUMENT, window=window))


def test_a_frame_that_claims_terabytes_is_refused() -> None:
    claim = ZSTD_MAGIC + b"\xe0" + (1 << 40).to_bytes(8, "little") + b"\x01\x00\x00"
    assert not damaged(claim)


@PROPERTY
@given(st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(lambda rest: ZSTD_MAGIC + rest)))
def test_no_bytes_raise_anything_else(payload: bytes) -> None:
    with pytest.raises(BadBatch):
        decode(payload)
