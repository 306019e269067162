"""The account at the end of a world: every number that was given is a row, or told as missing, once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub import dead_letter
from tests.simulated.ledger import Life, hold, rows_of

if TYPE_CHECKING:
    from tests.simulated.agent import AgentMachine
    from tests.simulated.world import World


@dataclass
class Account:
    """What became of the readings."""

    emitted: int = 0
    stored: int = 0
    given_up: int = 0
    refused: int = 0
    lost_from_memory: int = 0
    """Before their commit, and told."""
    lost_at_an_end: int = 0
    """Before their commit, with a kill, or with a stop under which the disk refused."""
    on_lost_cards: int = 0
    told_though_stored: int = 0

    def add(self, other: Account) -> None:
        """Add another account to this one."""
        for name, count in vars(other).items():
            setattr(self, name, getattr(self, name) + count)


def check(world: World) -> Account:
    """Raise Violation unless everything is accounted for; return the account."""
    account = Account()
    dead = {letter.text for letter in dead_letter.read(world._folder / "dead-letter.jsonl")}
    expected: set[bytes] = set()
    for agent in world.agents:
        lives = list(agent.oracle.book.lives.values())
        for life in lives:
            expected |= _lines_to_be(world, life, dead, account, is_over=life is not lives[-1])
        _check_readings(agent, account)
    rows = {line for line in world.database.rows.values() if b",sensor=link " not in line}
    hold("I1", expected <= rows, "missing at the end:", sorted(expected - rows)[:5])
    world.account = account
    return account


def _lines_to_be(world: World, life: Life, dead: set[str], account: Account, *, is_over: bool) -> set[bytes]:
    """Return the lines of one spool that must be rows."""
    hold("I5", not life.uncommitted or is_over, "lost and never told:", life.uncommitted)
    rows = set(world.database.rows.values())
    must: set[bytes] = set()
    told = 0
    for named, line in life.given.items():
        why = life.missing.get(named)
        if why is None and not is_over:
            must.add(line)
        if why is None and is_over and line not in rows:
            account.on_lost_cards += 1
        if why == "given up":
            account.told_though_stored += line in rows
        if why == "refused":
            text = line.decode().rstrip("\n")
            hold("I1", text in dead, "refused, and no dead letter:", line)
            hold("I5", line not in rows, "refused, and stored:", line)
        account.stored += line in rows and not line.startswith(b"gap,")
        told += _count_of(line) if line in rows else 0
    causes = list(life.missing.values())
    account.given_up += causes.count("given up")
    account.refused += causes.count("refused")
    if not is_over and not account.told_though_stored:
        hold("I5", told == len(life.missing), "gaps tell", told, "but missing are", len(life.missing))
    for sensor, following in life.numbers.items():
        known = sum((sensor, n) in life.given or (sensor, n) in life.missing for n in range(following))
        hold("I1", known == following, sensor, "has numbers without an account")
    return must


def _count_of(line: bytes) -> int:
    if not line.startswith(b"gap,"):
        return 0
    (row,) = rows_of([line])
    return int(row.values["count"])


def _check_readings(agent: AgentMachine, account: Account) -> None:
    """See that each reading that a commit took has a line, or is told as lost, or went with its card."""
    lives = list(agent.oracle.book.lives.values())
    hold("I7", not lives or not lives[-1].undated, "never dated:", lives and lives[-1].undated)
    gone = {entry for life in lives[:-1] for entry in life.undated}
    for entry in agent.oracle.book.entries.values():
        account.emitted += 1
        account.lost_from_memory += entry.lost in ("memory", "undated")
        account.lost_at_an_end += entry.committed_at is None and entry.lost != "memory"
        if entry.committed_at is not None:
            hold("I1", entry.line or entry.lost or entry in gone, "committed, and gone:", entry)
