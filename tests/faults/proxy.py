"""A TCP proxy that hurts what passes: delays, slows, freezes, cuts, and edits packets where a case says how."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_RESET = struct.pack("ii", 1, 0)
_CHUNK = 16 * 1024
_BLINK = 0.02


@dataclass(frozen=True, slots=True)
class Passing:
    """Bytes on their way, so many seconds late; `back` is said to whoever sent them."""

    data: bytes = b""
    late: float = 0.0
    back: bytes = b""


Edit = Callable[[bytes], Iterable[Passing]]
"""Takes the bytes of one direction of one connection as they come, and returns what passes."""


def unchanged(data: bytes) -> Iterable[Passing]:
    """Let everything pass."""
    return (Passing(data),)


@dataclass
class Link:
    """What the proxy does now; set from any thread."""

    delay: float = 0.0
    bytes_per_second: float = 0.0
    frozen: bool = False
    """Nothing passes and nothing is closed: a half-open link."""
    refusing: bool = False
    swallow_down: bool = False
    """What the server answers is thrown away and the connection reset."""


class Proxy:
    """Listens on a free port and passes everything to another; runs in a thread of its own."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.link = Link()
        self.edit_up: Callable[[], Edit] = lambda: unchanged
        self.edit_down: Callable[[], Edit] = lambda: unchanged
        self.accepted = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="fault-proxy")
        self._writers: set[asyncio.StreamWriter] = set()
        self._ended = asyncio.Event()

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)

    def cut(self) -> None:
        """Reset every connection there is."""
        self._loop.call_soon_threadsafe(self._reset_all)

    def _run(self) -> None:
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, sock=self._listener)
        async with server:
            await self._ended.wait()
            self._reset_all()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _reset_all(self) -> None:
        for writer in list(self._writers):
            _reset(writer)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self.link.refusing:
            _reset(writer)
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            _reset(writer)
            return
        both = {writer, far_writer}
        self._writers |= both
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, far_writer, writer, self.edit_up(), down=False))
                group.create_task(self._pump(far_reader, writer, far_writer, self.edit_down(), down=True))
        except* (OSError, asyncio.CancelledError, _Ended):
            pass
        finally:
            self._writers -= both
            for end in both:
                _reset(end)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        to: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
        edit: Edit,
        *,
        down: bool,
    ) -> None:
        loop = asyncio.get_running_loop()
        clear_at = loop.time()
        while data := await reader.read(_CHUNK):
            while self.link.frozen:  # noqa: ASYNC110  set from another thread
                await asyncio.sleep(_BLINK)
            if down and self.link.swallow_down:
                raise _Ended
            for passing in edit(data):
                if passing.back:
                    back.write(passing.back)
                if not passing.data:
                    continue
                if self.link.bytes_per_second:
                    clear_at = max(clear_at, loop.time()) + len(passing.data) / self.link.bytes_per_second
                wait = max(0.0, clear_at - loop.time()) + self.link.delay + passing.late
                if wait > 0 or passing.late:
                    loop.call_later(wait, _written, to, passing.data)
                else:
                    to.write(passing.data)
            await asyncio.sleep(max(0.0, clear_at - loop.time() - 1.0))
        await asyncio.sleep(self.link.delay)
        raise _Ended


class _Ended(Exception):
    """One side has ended the connection."""


def _written(writer: asyncio.StreamWriter, data: bytes) -> None:
    if not writer.is_closing():
        writer.write(data)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close a connection the rude way."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    with contextlib.suppress(Exception):
        writer.transport.abort()
