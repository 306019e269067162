"""Listens on the broker, as anybody may, and notes when batches and acknowledgements went by."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import defaultdict

from tests.faults import mqtt_frames
from tests.faults.mqtt_frames import Splitter

BATCH, ACK = "up/readings", "down/ack"


class Ear:
    """A client of its own that connects again and again; `heard` lists monotonic times by channel."""

    def __init__(self, port: int, *topics: str) -> None:
        self._port = port
        self._topics = topics
        self.heard: dict[str, list[float]] = defaultdict(list)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ear")

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._ended.set()
        self._thread.join(10)

    def first_after(self, channel: str, at: float) -> float | None:
        """Return when a channel was first heard after a time."""
        return next((heard for heard in self.heard[channel] if heard > at), None)

    def _run(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(OSError):
                self._listen()
            self._ended.wait(0.02)

    def _listen(self) -> None:
        with socket.create_connection(("127.0.0.1", self._port), timeout=1) as sock:
            sock.settimeout(0.5)
            sock.sendall(mqtt_frames.connect(f"ear-{id(self)}", keepalive=0))
            sock.sendall(mqtt_frames.subscribe(1, *self._topics))
            splitter = Splitter()
            while not self._ended.is_set():
                with contextlib.suppress(TimeoutError):
                    data = sock.recv(65536)
                    if not data:
                        return
                    self._note(splitter.feed(data))

    def _note(self, packets: list[bytes]) -> None:
        now = time.monotonic()
        for raw in packets:
            said = mqtt_frames.published(raw)
            if said is not None:
                self.heard["/".join(said.topic.split("/")[-2:])].append(now)
