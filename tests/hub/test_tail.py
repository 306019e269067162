"""What an operator sees of each message, also of hostile ones."""

from __future__ import annotations

import asyncio
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from hub.tail import described, tail
from service.broker import Broker
from service.mqtt import BrokerLost, Message
from telemetry.topic import Channel, topic
from tests.hub.kit import EPOCH, PATIENCE, PLACE, batch, line, lines, player
from tests.support.servers import Server, free_port

READINGS, STATUS = topic(PLACE, Channel.READINGS), topic(PLACE, Channel.STATUS)


def shown(payload: bytes, *, on: str = READINGS, raw: bool = False) -> list[str]:
    return described(Message(on, payload), raw=raw)


def readable(said: bytes) -> str:
    """Return what is shown of one line."""
    _, text = shown(batch(7, [said]).encode())
    return text.strip()


def test_a_batch_has_a_heading_and_a_line_for_each_reading() -> None:
    heading, *readings = shown(batch(7, lines(3)).encode())
    assert heading == f"simpang-empat/se-1 batch 7, epoch {EPOCH}: 3 readings"
    assert [text.split(" dust ")[1] for text in readings] == [f"#{seq} PM2.5 12.3 µg/m³" for seq in range(3)]


def test_labels_quality_and_whole_numbers() -> None:
    text = readable(
        b"traffic,site=simpang-empat,agent=se-1,sensor=cam,line=l1,class=car "
        b"count=12i,speed_mean=31.5,quality=80i,seq=77i 1763740860000000077\n"
    )
    assert "cam #77 line=l1 class=car Vehicles and pedestrians 12, Mean speed 31.5 km/h" in text
    assert "[scene degraded, partial]" in text


def test_raw_is_the_document() -> None:
    said = batch(7, lines(3))
    assert "\n".join(shown(said.encode(), raw=True)) + "\n" == said.document().decode()


@pytest.mark.parametrize("raw", [True, False])
def test_states_and_acknowledgements_are_shown_as_they_are(raw: bool) -> None:
    assert shown(b'{"state": "online"}', on=STATUS, raw=raw) == ['simpang-empat/se-1 up/status: {"state": "online"}']
    assert shown(b"{}", on=topic(PLACE, Channel.ACK), raw=raw) == ["simpang-empat/se-1 down/ack: {}"]


@pytest.mark.parametrize(
    "said",
    [
        b"\n",
        b"halo\n",
        b"a b c\n",
        b"air,x=y pm2_5=1,quality=0i,seq=1i 1763740800123001042\n",
        b"air,sensor=y quality=0i 1763740800123001042\n",
        b"air,sensor=y pm2_5,quality=0i,seq=1i 1763740800123001042\n",
        b"air,sensor=y what=1,quality=0i,seq=1i 1763740800123001042\n",
        b"air,sensor=y pm2_5=1,quality=xi,seq=1i 1763740800123001042\n",
        b"air,sensor=y pm2_5=1,quality=0i,seq=1i yesterday\n",
        b"air,sensor=y pm2_5=1,quality=0i,seq=1i 99999999999999999999999999999999\n",
        b"air,sensor=y pm2_5=1,quality=0i,seq=1i " + b"9" * 400 + b"\n",
        b"air,sensor=y pm2_5=1,quality=0i,seq=1i " + b"9" * 5000 + b"\n",
        b"air,sensor=y pm2_5=1,quality=0i,seq=1i -62135596800000000000\n",
        b"salju,sensor=y pm2_5=1,quality=0i,seq=1i 1763740800123001042\n",
    ],
)
def test_a_line_of_no_known_form_is_shown_as_it_is(said: bytes) -> None:
    assert readable(said) == said.decode().strip()


@pytest.mark.parametrize("payload", [b"", b"halo", b"\x28\xb5\x2f\xfd", b"\xff" * 100])
def test_what_is_no_batch_is_said_to_be_none(payload: bytes) -> None:
    (text,) = shown(payload)
    assert text.startswith(f"{READINGS}: ")


STEERING = b"\x1b[2J\x1b]0;dikuasai\x07\r\x08"


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize(
    ("on", "payload"),
    [
        (STATUS, STEERING),
        (READINGS, STEERING),
        (READINGS, batch(7, [line(1).replace(b"dust", STEERING)]).encode()),
        (READINGS, batch(7, [STEERING + b" x y\n"]).encode()),
        (f"simpang/v1/{STEERING.decode()}/se-1/up/status", b"{}"),
    ],
)
def test_nothing_that_is_shown_steers_the_terminal(on: str, payload: bytes, raw: bool) -> None:
    assert all(text.isprintable() for text in shown(payload, on=on, raw=raw))


@given(payload=st.binary(max_size=200), on=st.sampled_from([READINGS, STATUS, "x"]) | st.text(max_size=50))
def test_arbitrary_bytes_never_raise(payload: bytes, on: str) -> None:
    assert all(text.isprintable() for raw in (True, False) for text in shown(payload, on=on, raw=raw))


@given(
    said=st.lists(st.sampled_from([b"air", b",", b"=", b" ", b"sensor", b"quality", b"seq", b"1i", b"-9", b"pm2_5"]))
)
def test_pieces_of_lines_never_raise(said: list[bytes]) -> None:
    assert len(shown(batch(1, [b"".join(said) + b"\n"]).encode())) == 2


async def test_live_messages_are_printed_until_told_to_stop(broker: Server) -> None:
    told, stop = Told(), asyncio.Event()
    printing = asyncio.create_task(tail(Broker(host="127.0.0.1", port=broker.port), told.console, stop, raw=False))
    async with player(broker) as agent:
        await agent.say_status(b'{"state": "online"}')
        async with asyncio.timeout(PATIENCE):
            while "batch 7" not in told.text():
                await agent.say(batch(7, lines(2)))
                await asyncio.sleep(0.05)
    stop.set()
    await printing
    assert 'up/status: {"state": "online"}' in told.text()
    assert "PM2.5 12.3 µg/m³" in told.text()


async def test_a_broker_out_of_reach_is_said() -> None:
    with pytest.raises(BrokerLost, match="is the broker running"):
        await tail(Broker(host="127.0.0.1", port=free_port()), Told().console, asyncio.Event(), raw=False)


class Told:
    """A console that remembers."""

    def __init__(self) -> None:
        self._file = StringIO()
        self.console = Console(file=self._file, width=200)

    def text(self) -> str:
        return self._file.getvalue()
