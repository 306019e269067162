"""Who is online, as rows of the sensor `link`."""

from __future__ import annotations

import pytest

from hub.presence import Presence
from telemetry.catalogue import BY_FAMILY
from telemetry.check import TimeWindow, check
from telemetry.quantity import Family
from telemetry.reading import Place
from telemetry.status import State, Status
from tests.hub.kit import PLACE

OTHER = Place("sekolah-2", "sd-2")
NOW = 1_795_276_800_123


def status(state: State) -> Status:
    return Status(state, "0.1.0", "2026-11-21T08:00:00+07:00")


@pytest.fixture
def presence() -> Presence:
    return Presence(lambda: NOW)


def test_nobody_is_known_at_first(presence: Presence) -> None:
    assert presence.state(PLACE) is None
    assert presence.changes() == []
    assert presence.everyone() == []


@pytest.mark.parametrize(("state", "online"), [(State.ONLINE, 1), (State.STOPPING, 0), (State.LOST, 0)])
def test_a_state_is_one_row_that_the_schema_allows(presence: Presence, state: State, online: int) -> None:
    presence.heard(PLACE, status(state))
    (said,) = presence.changes()
    quality = 0 if BY_FAMILY[Family.HEALTH]["online"].believable(online) else 2
    assert said.decode() == (
        f"health,site=simpang-empat,agent=se-1,sensor=link online={online}i,quality={quality}i,seq=0i {NOW}000000\n"
    )
    assert check(PLACE, said, TimeWindow(0, 2**63)).dead == ()


def test_only_changes_are_said(presence: Presence) -> None:
    for _ in range(3):
        presence.heard(PLACE, status(State.ONLINE))
    assert len(presence.changes()) == 1
    presence.heard(PLACE, status(State.ONLINE))
    assert presence.changes() == []
    presence.heard(PLACE, status(State.LOST))
    assert len(presence.changes()) == 1


def test_the_last_of_several_changes_is_said(presence: Presence) -> None:
    for state in (State.ONLINE, State.LOST, State.ONLINE, State.STOPPING):
        presence.heard(PLACE, status(state))
    (said,) = presence.changes()
    assert b" online=0i," in said
    assert presence.state(PLACE) is State.STOPPING


def test_everyone_is_said_and_then_nothing_is_new(presence: Presence) -> None:
    presence.heard(PLACE, status(State.ONLINE))
    presence.heard(OTHER, status(State.LOST))
    assert {said.split(b",sensor=")[0] for said in presence.everyone()} == {
        b"health,site=simpang-empat,agent=se-1",
        b"health,site=sekolah-2,agent=sd-2",
    }
    assert presence.changes() == []
    assert len(presence.everyone()) == 2


def test_without_a_broker_nobody_is_known(presence: Presence) -> None:
    presence.heard(PLACE, status(State.ONLINE))
    presence.forget()
    assert presence.changes() == []
    assert presence.everyone() == []


def test_a_hub_whose_clock_is_not_set_writes_no_rows() -> None:
    unset = Presence(lambda: 86_400_000)
    unset.heard(PLACE, status(State.ONLINE))
    assert unset.everyone() == []
