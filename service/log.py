"""The log of a service: one line an event on standard error, no time stamps under systemd, which adds its own."""

from __future__ import annotations

import logging
import os

_LIBRARIES = ("amqtt", "transitions", "httpx", "httpcore", "mqtt", "aiomqtt", "urllib3", "libav")


def set_up(*, verbose: bool = False) -> None:
    """Send our log to standard error; libraries speak only when something is wrong."""
    stamp = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO, format=f"{stamp}%(levelname)s %(name)s: %(message)s"
    )
    for library in _LIBRARIES:
        logging.getLogger(library).setLevel(logging.ERROR)
