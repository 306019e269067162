"""What a person may write into a settings file, of an agent and of a hub."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, get_args

from hypothesis import strategies as st

from edge_agent.config import AgentSettings
from hub.config import HubSettings
from service.settings import BadSettings, Section, load
from tests.fuzz import scratch
from tests.fuzz.strategies import changed, nested
from tests.fuzz.surface import Surface
from tests.support.lines import names

_CONFIGS = Path(__file__).parents[3] / "configs"
_FAULT = re.compile(r"line (\d+): .+", re.DOTALL)
_OTHER_FAULTS = ("not TOML: ", "byte ")
_NAME = re.compile(r"(?=.{1,32}$)[a-z0-9]+(-[a-z0-9]+)*")

_VALUES = st.one_of(
    st.sampled_from(
        [
            '""',
            '"/x"',
            '"a"',
            '"ntp"',
            '"sds011"',
            '"http://h:1"',
            '"rtsp://u:p@h/s"',
            '"embedded"',
            '"influxdb1"',
            "true",
        ]
    ),
    st.sampled_from(["nan", "-inf", "1e400", "9" * 5_000, "1979-05-27T07:32:00Z", "07:32:00", "[]"]),
    st.sampled_from(["[[0.1, 0.2], [0.3, 0.4], [0, 1]]", "{}", "[{}]", '["in", "in"]', '"""\n[a]\n"""', "'\\x'"]),
    st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(str),
    names.map(lambda name: f'"{name}"'),
    st.text(max_size=20).map(lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'),
)


def keys(model: type[Section]) -> Iterator[str]:
    """Yield all keys of a model and of the tables in it."""
    for name, field in model.model_fields.items():
        yield field.alias or name
        for part in _parts(field.annotation):
            yield from keys(part)


def _parts(annotation: Any) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for argument in get_args(annotation):
        yield from _parts(argument)


def seeds(*files: str) -> Sequence[bytes]:
    """Return the annotated examples, without their comments, and each table of them alone."""
    texts = [(_CONFIGS / file).read_text(encoding="utf-8") for file in files]
    bare = [re.sub(r"(?m)^\s*#.*\n|\s+#.*$", "", text) for text in texts]
    tables = [table for text in bare for table in re.split(r"(?m)^(?=\[)", text)]
    return [text.encode() for text in (*bare, *tables) if text.strip()]


def heavy() -> Sequence[bytes]:
    """Return texts that are deep, wide, long-winded or hard to tell apart."""
    spaces, digits = b" " * 500, b"9" * 5_000
    return [
        *(b"a = " + nest for nest in nested(b"[", b"]", 100, 2_000)),
        *(b"a = " + nest for nest in nested(b"{a=", b"}", 100, 2_000)),
        b"[" + b"a." * 500 + b"a]",
        b"a." * 500 + b"a = 1",
        b"a = 1\n" + spaces + b"\n",
        b"a = 1\n" + spaces + b'"\xc3\xa9" = 1\n',
        b"[" + spaces + b"a" + spaces + b"]" + spaces + b"#\n",
        b"port = " + digits,
        b"port = 0x" + digits,
        b"[broker]\nport = 0x" + digits,
        b"[uplink]\nresend_seconds = 0x" + digits,
        b"[broker]\nhost = '" + b"a" * 4_096 + b"'",
        b"[broker]\nhost = '" + b"\xc3\xa9" * 2_048 + b"'",
        b"".join(b"brokre%d = 1\n" % n for n in range(100)),
        b"".join(b"[[agent]]\nagent = 'a'\n" for _ in range(100)),
        b"".join(b"[[serial]]\nsensor = 'a'\n" for _ in range(100)),
    ]


def _file() -> Path:
    return scratch.folder() / "settings.toml"


def read(model: type[Section], data: bytes) -> Section:
    """Load a file and ask for what is noted of it."""
    _file().write_bytes(data)
    try:
        settings = load(_file(), model)
        list(settings.notes())
    except BadSettings as refusal:
        _check_faults(refusal, data)
        raise
    return settings


def _check_faults(refusal: BadSettings, data: bytes) -> None:
    assert refusal.faults
    for fault in refusal.faults:
        place = _FAULT.fullmatch(fault)
        assert place or fault.startswith(_OTHER_FAULTS), fault
        assert place is None or 1 <= int(place[1]) <= data.count(b"\n") + data.count(b"\r") + 1


def judge(data: bytes, said: Section) -> None:
    """See that the settings are what they would be if they were read again, and that names are names."""
    data.decode("utf-8-sig")
    again = said.model_dump(by_alias=True)
    assert type(said).model_validate(again) == said
    named = [said.agent, said.site, *said.sensors()] if isinstance(said, AgentSettings) else []
    named += (
        [name for a in said.agents for name in (a.agent, a.site, *a.sensors)] if isinstance(said, HubSettings) else []
    )
    assert all(_NAME.fullmatch(name) for name in named)


@st.composite
def _texts(draw: st.DrawFn, model: type[Section], sound: Sequence[bytes]) -> bytes:
    """Draw a sound text in which values, keys and headings are others."""
    known = sorted(set(keys(model)))
    lines = draw(st.sampled_from(sound)).decode().splitlines()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines)))
        heading = draw(st.sampled_from(["{}", "[{}]", "[[{}]]"]))
        key, value = draw(st.sampled_from(known)), draw(_VALUES)
        new = f"{key} = {value}" if heading == "{}" else heading.format(key)
        if at < len(lines) and "=" in lines[at] and draw(st.booleans()):
            new = f"{lines[at].partition('=')[0]}= {value}"
        lines[at : at + draw(st.integers(0, 1))] = [new]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _surface(name: str, model: type[Section], *files: str) -> Surface:
    words = tuple(word.encode() for word in sorted(set(keys(model))))
    sound: Callable[[], Sequence[bytes]] = partial(seeds, *files)
    return Surface(
        name,
        partial(read, model),
        (BadSettings,),
        judge,
        sound,
        st.one_of(_texts(model, sound()), changed(sound(), words)),
        (*words, b" = ", b"[[", b"]]", b'"""', b"'''", b"0x", b"nan", b"inf", b"1979-05-27", b"\\u0000", b"true"),
        heavy,
        longest=2048,
        longest_reason=10**7,
        share=0.5,
    )


AGENT = _surface("agent-settings", AgentSettings, "junction.toml", "school.toml")
HUB = _surface("hub-settings", HubSettings, "hub.toml", "compose-hub.toml")
