"""Runs the demo: starts everything, shows it live, stops it in order, and judges whether the counts add up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from rich.console import Console
from rich.live import Live

from hub.config import DeadLetter, EmbeddedStore, HubSettings
from hub.demo import processes
from hub.demo.broker import embedded_broker
from hub.demo.scene import Observer, Scene
from hub.demo.screen import draw, summary
from hub.hub import Hub
from hub.stores.embedded import Embedded
from service.broker import Broker

_AGENT_FAREWELL = 5.0
_FRAME_SECONDS = 0.5
_PLAIN_SECONDS = 5.0


async def show(console: Console, stop: asyncio.Event, *, folder: Path | None, seed: int) -> bool:
    """Run until told to stop; return whether committed = stored + waiting. Raises DemoFailed."""
    with _workplace(folder) as place:
        _log_to(place / "hub.log")
        console.print(f"Simpang demo; files and logs: {place}", highlight=False)
        scene = await _run(place, console, stop, seed=seed)
    console.print(summary(scene))
    return scene.committed > 0 and not scene.missing and not scene.invented


async def _run(place: Path, console: Console, stop: asyncio.Event, *, seed: int) -> Scene:
    """Start broker, hub, city and agent, show them, and return the last scene after all have stopped."""
    store = Embedded(place / "city.duckdb")
    async with embedded_broker() as port:
        hub = _hub(place, port, store)
        observer = Observer(place, store)
        console.print(f"look in from another terminal: simpang-hub tail --broker 127.0.0.1:{port}", highlight=False)
        async with _serving(hub), processes.city(place, seed) as described:
            settings = place / "agent.toml"
            settings.write_text(processes.agent_settings(place, port, described), encoding="utf-8")
            arguments = ("edge_agent.cli", "run", "--config", str(settings), "--status-file", str(place / "agent.json"))
            async with processes.process(*arguments, log=place / "agent.log", farewell=_AGENT_FAREWELL) as agent:
                await _watch(console, stop, observer, hub, agent)
            return await observer.look(hub.figures())


async def _watch(
    console: Console, stop: asyncio.Event, observer: Observer, hub: Hub, agent: asyncio.subprocess.Process
) -> None:
    """Draw until told to stop; raises DemoFailed when the agent ends by itself."""
    live = console.is_terminal
    with Live(console=console, auto_refresh=False, transient=True) if live else contextlib.nullcontext() as screen:
        while not stop.is_set():
            scene = await observer.look(hub.figures())
            if screen is not None:
                screen.update(draw(scene), refresh=True)
            else:
                console.print(f"committed {scene.committed}, stored {scene.stored}, waiting {scene.waiting}")
            if agent.returncode is not None:
                raise processes.DemoFailed("the agent ended by itself; its words are in agent.log")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FRAME_SECONDS if live else _PLAIN_SECONDS):
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
async def _serving(hub: Hub) -> AsyncIterator[None]:
    """Run the hub in this process until the block ends."""
    stop = asyncio.Event()
    serving = asyncio.create_task(hub.run(stop), name="hub")
    try:
        yield
    finally:
        stop.set()
        await serving


@contextlib.contextmanager
def _workplace(folder: Path | None) -> Iterator[Path]:
    """Yield the demo's folder: the one asked for, which stays, or a temporary one, which stays only after a failure."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder.resolve()
        return
    place = Path(tempfile.mkdtemp(prefix="simpang-demo-"))
    yield place
    shutil.rmtree(place)


def _log_to(file: Path) -> None:
    """Keep the hub's log out of the live screen."""
    handler = logging.FileHandler(file)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().handlers[:] = [handler]
