"""The log: one line an event on standard error, no stamp under systemd, libraries quiet."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

SAYS = """
import logging, sys
from service import log
log.set_up(verbose={verbose})
logging.getLogger("hub.writer").info("stored")
logging.getLogger("hub.writer").debug("detail")
for library in ("amqtt", "mqtt", "httpx", "urllib3.connectionpool"):
    logging.getLogger(library).warning("chatter")
"""


def logged(*, verbose: bool, environment: dict[str, str]) -> list[str]:
    command = [sys.executable, "-c", SAYS.format(verbose=verbose)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == ""
    return done.stderr.splitlines()


@pytest.mark.parametrize("verbose", [False, True])
def test_a_terminal_sees_time_and_level(verbose: bool) -> None:
    lines = logged(verbose=verbose, environment={})
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO hub.writer: stored", lines[0])
    assert [line.split(" ", 2)[2] for line in lines[1:]] == (["DEBUG hub.writer: detail"] if verbose else [])


def test_the_journal_adds_its_own_time() -> None:
    assert logged(verbose=False, environment={"JOURNAL_STREAM": "8:1"}) == ["INFO hub.writer: stored"]
