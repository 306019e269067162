"""Where scenes are shown: a terminal is redrawn in place, a pipe gets a line for each."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.live import Live

from hub.demo.scene import Scene
from hub.demo.screen import draw, plain

Show = Callable[[Scene], None]


@contextlib.contextmanager
def display(console: Console) -> Iterator[Show]:
    """Yield what shows a scene."""
    if not console.is_terminal:
        yield lambda scene: console.print(plain(scene))
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield lambda scene: live.update(draw(scene), refresh=True)
