"""Runs the demo: starts everything, shows it live, stops it in order, and judges whether the counts add up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from rich.console import Console

from hub.config import DeadLetter, EmbeddedStore, HubSettings
from hub.demo.broker import embedded_broker
from hub.demo.display import Show, display
from hub.demo.farewell import AFTER_HUB, AFTER_LOOK, Farewell
from hub.demo.processes import DemoFailed, Processes
from hub.demo.scene import Observer, Scene
from hub.demo.screen import summary
from hub.demo.verdict import Verdict, judged
from hub.hub import Hub
from hub.stores.embedded import Embedded
from service.broker import Broker
from service.stopping import Stop

_FRAME_SECONDS = 0.5
_PLAIN_SECONDS = 5.0


async def show(console: Console, stop: Stop, *, folder: Path | None, seed: int) -> bool:
    """Run until told to stop; return whether committed = stored + waiting. Raises DemoFailed."""
    place = _workplace(folder)
    _log_to(place / "hub.log")
    console.print(f"Simpang demo; files and logs: {place}", highlight=False)
    scene, verdict = await _run(place, console, stop, seed=seed)
    console.print(summary(scene, verdict))
    if not verdict.good:
        console.print(f"berkas dan log tetap di / files and logs stay in {place}", highlight=False)
    elif folder is None:
        shutil.rmtree(place, ignore_errors=True)
    return verdict.good


async def _run(place: Path, console: Console, stop: Stop, *, seed: int) -> tuple[Scene, Verdict]:
    """Start broker, hub, city and agent, show them, end them, and return the last scene and the verdict on it."""
    farewell, store = Farewell(lambda: stop.is_asked), Embedded(place / "city.duckdb")
    async with embedded_broker(farewell) as port:
        hub, observer = _hub(place, port, store), Observer(place, store)
        console.print(f"look in from another terminal: {_program()} tail --broker 127.0.0.1:{port}", highlight=False)
        async with _serving(hub, farewell), Processes(place, farewell) as processes:
            with display(console) as draw:
                draw(Scene())
                if described := await processes.city(seed, stop):
                    await processes.agent(port, described)
                    pause = _FRAME_SECONDS if console.is_terminal else _PLAIN_SECONDS
                    await _watch(draw, stop, observer, hub, processes, pause)
            await processes.end()
            scene = await observer.look(hub.figures(), within=farewell.left(leaving=AFTER_LOOK))
            return scene, judged(scene, orderly=processes.orderly)


async def _watch(
    draw: Show, stop: asyncio.Event, observer: Observer, hub: Hub, processes: Processes, pause: float
) -> None:
    """Draw until told to stop; raises DemoFailed when a process ends by itself."""
    while not stop.is_set():
        draw(await observer.look(hub.figures()))
        processes.check()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await stop.wait()


def _hub(place: Path, port: int, store: Embedded) -> Hub:
    settings = HubSettings(
        broker=Broker(host="127.0.0.1", port=port),
        store=EmbeddedStore(kind="embedded", path=place / "city.duckdb"),
        registration="open",
        dead_letter=DeadLetter(path=place / "dead-letter.jsonl"),
    )
    return Hub(settings, store=store)


@contextlib.asynccontextmanager
async def _serving(hub: Hub, farewell: Farewell) -> AsyncIterator[None]:
    """Run the hub in this process until the block ends."""
    stop = asyncio.Event()
    serving = asyncio.create_task(hub.run(stop), name="hub")
    try:
        yield
    finally:
        stop.set()
        await farewell.allow(serving, leaving=AFTER_HUB)


def _program() -> str:
    """Return how to call simpang-hub from here."""
    return os.path.relpath(Path(sys.executable).with_name("simpang-hub"))


def _workplace(folder: Path | None) -> Path:
    """Return the demo's folder: the one asked for, or a new one that stays unless all is well at the end."""
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="simpang-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "city.duckdb").exists():
        raise DemoFailed(f"{folder} holds an earlier demo, whose readings would be counted again; name another folder")
    return folder.resolve()


def _log_to(file: Path) -> None:
    """Keep the hub's log out of the live screen."""
    handler = logging.FileHandler(file)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().handlers[:] = [handler]
