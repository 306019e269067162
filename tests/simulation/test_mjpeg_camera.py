"""The camera's HTTP side, spoken to by hand; the pictures are stand-ins."""

from __future__ import annotations

import asyncio

from simulation.camera import FPS, PATH, VIEWERS, serving


def take(number: int) -> bytes:
    return f"jpeg {number}".encode()


async def request(url: str, line: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    port = int(url.rsplit(":", 1)[1].split("/", maxsplit=1)[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(line + b"\r\nHost: x\r\n\r\n")
    return reader, writer


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


async def part(reader: asyncio.StreamReader) -> bytes:
    """Return the body of the next part, cut by its Content-Length."""
    head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    assert head[:2] == [b"--frame", b"Content-Type: image/jpeg"]
    body = await reader.readexactly(int(head[2].removeprefix(b"Content-Length: ")))
    assert await reader.readexactly(2) == b"\r\n"
    return body


async def test_a_viewer_gets_frames_in_order_as_parts_with_a_length() -> None:
    async with serving(take, start=asyncio.get_running_loop().time()) as url:
        reader, writer = await request(url, b"GET " + PATH.encode() + b" HTTP/1.1")
        head = await reader.readuntil(b"\r\n\r\n")
        numbers = [int((await part(reader)).split()[1]) for _ in range(4)]
        await close(writer)
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"multipart/x-mixed-replace; boundary=frame" in head
    assert numbers == sorted(set(numbers))


async def test_nothing_is_painted_while_nobody_watches() -> None:
    taken: list[int] = []
    start = asyncio.get_running_loop().time()

    def note(number: int) -> bytes:
        taken.append(number)
        return b"x"

    async with serving(note, start=start - 100.0) as url:
        reader, writer = await request(url, b"GET /other HTTP/1.1")
        assert (await reader.read()).startswith(b"HTTP/1.1 404 ")
        await close(writer)
        await asyncio.sleep(3 / FPS)
        assert taken == []
        reader, writer = await request(url, b"GET " + PATH.encode() + b" HTTP/1.1")
        await reader.readuntil(b"\r\n\r\n")
        assert await part(reader) == b"x"
        await close(writer)
    assert taken[0] > 1000


async def test_one_viewer_too_many_is_told_so() -> None:
    async with serving(take, start=asyncio.get_running_loop().time()) as url:
        line = b"GET " + PATH.encode() + b" HTTP/1.1"
        viewers = [await request(url, line) for _ in range(VIEWERS)]
        for reader, _ in viewers:
            await reader.readuntil(b"\r\n\r\n")
        reader, writer = await request(url, line)
        assert (await reader.read()).startswith(b"HTTP/1.1 503 ")
        for _, opened in [*viewers, (reader, writer)]:
            await close(opened)
