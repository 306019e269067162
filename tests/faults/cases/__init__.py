"""All cases, in the order in which they run."""

from __future__ import annotations

from tests.faults.case import Case
from tests.faults.cases import (
    acks,
    answers,
    backlog,
    broken,
    broker_lies,
    certificates,
    clocks,
    crowds,
    database,
    doubles,
    elsewhere,
    full_disks,
    hostile,
    hubs,
    kills,
    links,
    many,
    partial,
    peers,
    second_agent,
    wires,
)

_GROUPS = (
    kills, doubles, links, acks, broker_lies, certificates, hubs, database, answers, partial, full_disks, second_agent,
    clocks, wires, hostile, crowds, backlog, many, broken, elsewhere, peers,
)  # fmt: skip

CASES: tuple[Case, ...] = tuple(case for group in _GROUPS for case in group.CASES)
