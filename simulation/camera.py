"""The street as a network camera: MJPEG over HTTP on loopback, in real time, painted only while someone watches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

PATH = "/street.mjpeg"
FPS = 10
VIEWERS = 4
_PATIENCE = 10.0
"""Seconds within which a viewer must ask, and take each frame."""
_BOUNDARY = "frame"
_HEADER = (
    "HTTP/1.1 200 OK\r\n"
    f"Content-Type: multipart/x-mixed-replace; boundary={_BOUNDARY}\r\n"
    "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
).encode()

Take = Callable[[int], bytes]
"""Makes the JPEG of a frame number; frame n is due n / FPS seconds after the camera's start."""


class Camera:
    """Sends the newest frame to each viewer; a slow viewer misses frames."""

    def __init__(self, take: Take, *, start: float) -> None:
        """Count frames from a monotonic time."""
        self._take, self._start = take, start
        self._viewers = 0
        self._picture = b""
        self._fresh = asyncio.Condition()

    async def run(self) -> None:
        """Take the frames that are due while anyone watches, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            number = int((loop.time() - self._start) * FPS) + 1
            await asyncio.sleep(self._start + number / FPS - loop.time())
            if self._viewers:
                await self._publish(number)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one HTTP request, for the street with frames until the viewer leaves."""
        try:
            async with asyncio.timeout(_PATIENCE):
                request = await reader.readuntil(b"\r\n\r\n")
            await self._answer(request.split(b"\r\n")[0].split(), writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.transport.abort()
        finally:
            await _closed(writer)

    async def _publish(self, number: int) -> None:
        self._picture = self._take(number)
        async with self._fresh:
            self._fresh.notify_all()

    async def _answer(self, request: list[bytes], writer: asyncio.StreamWriter) -> None:
        if request[:2] != [b"GET", PATH.encode()]:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        elif self._viewers >= VIEWERS:
            writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            self._viewers += 1
            try:
                await self._show(writer)
            finally:
                self._viewers -= 1

    async def _show(self, writer: asyncio.StreamWriter) -> None:
        writer.write(_HEADER)
        while True:
            async with self._fresh:
                await self._fresh.wait()
            part = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(self._picture)}\r\n\r\n"
            writer.write(part.encode() + self._picture + b"\r\n")
            async with asyncio.timeout(_PATIENCE):
                await writer.drain()


@asynccontextmanager
async def serving(take: Take, *, start: float, port: int = 0) -> AsyncIterator[str]:
    """Keep the camera on a loopback port (0: any free one) and yield its address; raises OSError."""
    camera = Camera(take, start=start)
    async with asyncio.TaskGroup() as group:
        tasks = {group.create_task(camera.run(), name="camera")}

        def arrive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = group.create_task(camera.serve(reader, writer), name="viewer")
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(arrive, "127.0.0.1", port)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{PATH}"
        finally:
            server.close()
            for task in tuple(tasks):
                task.cancel()


async def _closed(writer: asyncio.StreamWriter) -> None:
    """Close a connection, giving what is still in the buffer a second to leave."""
    writer.close()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(1.0):
            await writer.wait_closed()
    writer.transport.abort()
