"""The walls between the rooms, read from every import, and what a command loads when it starts."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

ROOMS: dict[str, set[str]] = {
    "telemetry": set(),
    "drivers": {"telemetry"},
    "service": {"telemetry"},
    "edge_agent": {"drivers", "telemetry", "service"},
    "hub": {"telemetry", "service"},
    "simulation": {"telemetry"},
    "bench": {"telemetry", "drivers", "service", "edge_agent", "hub", "simulation"},
}
"""What each room may import of ours, itself left out; bench measures them all, and nobody imports it."""

NOT_ROOMS = {"tests"}

DOORS: dict[str, str] = {
    "aiomqtt": r"service/mqtt\.py|bench/peers/.+",
    "amqtt": r"hub/demo/broker\.py",
    "av": r"(edge_agent/vision|simulation|bench)/.+",
    "cv2": r"(edge_agent/vision|simulation|bench)/.+",
    "duckdb": r"hub/stores/embedded\.py",
    "grafana_client": r"hub/grafana/.+",
    "grafana_foundation_sdk": r"hub/grafana/.+",
    "httpx": r"hub/stores/influx_http\.py|bench/peers/.+",
    "influxdb_client": r"hub/stores/influx2\.py|bench/peers/.+",
    "numpy": r"(edge_agent/vision|simulation|bench)/.+",
    "psutil": r"(edge_agent/sources/health\.py|bench/.+)",
    "pydantic": r"(service|edge_agent|hub)/.+",
    "pydantic_core": r"service/settings\.py",
    "rich": r"(edge_agent|hub|bench)/.+|service/command_line\.py",
    "serial": r"edge_agent/sources/port\.py",
    "typer": (
        r"(edge_agent|hub)/(cli|options|[a-z]+_command)\.py|service/command_line\.py|edge_agent/vision/count\.py|"
        r"hub/grafana/command\.py"
    ),
    "urllib3": r"hub/stores/influx2\.py",
    "zstandard": r"telemetry/batch\.py",
}
"""Where each third-party library comes in; what is not listed comes in nowhere."""

ONE_FILE = {"grafana_client", "psutil"}
"""Libraries with one door whose file is the room's own affair; bench is left out of the count."""

UNBOUNDED = {
    "edge_agent/delivery/committer.py": "at most _MEMORY readings, the oldest lost and counted",
    "hub/acks.py": "at most _MOST, held and sure together; the newest is refused",
    "hub/arrivals.py": "at most so many bytes; put waits",
    "simulation/street.py": "the vehicles on a stretch of road",
}
"""Files whose deque has its bound elsewhere, and where."""

POSSESSIVE_GROUP = re.compile(r"\)(?:[?*+]|\{\d*,?\d*\})\+")


@dataclass(frozen=True)
class Import:
    """A file and what it imports."""

    file: str
    module: str
    relative: bool = False

    @property
    def top(self) -> str:
        return self.module.split(".")[0]


def packages() -> set[str]:
    """Return every top-level directory of the project that holds Python files."""
    places = (path for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith("."))
    built = {"build", "dist"}
    return {p.name for p in places if p.name not in built and any(p.rglob("*.py"))}


@cache
def sources() -> dict[str, ast.Module]:
    """Return the parsed source of every file in every room, by its path from the root."""
    files = sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))
    return {str(file.relative_to(ROOT)): ast.parse(file.read_text(encoding="utf-8")) for file in files}


@cache
def imports() -> list[Import]:
    return [found for file, tree in sources().items() for node in ast.walk(tree) for found in _imported(file, node)]


def _imported(file: str, node: ast.AST) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(file, alias.name) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield Import(file, node.module or "", relative=node.level > 0)


def third_party() -> Iterator[Import]:
    known = sys.stdlib_module_names | set(ROOMS)
    return (found for found in imports() if found.top not in known)


def strings() -> Iterator[tuple[str, str]]:
    """Yield every file's strings and bytes."""
    for file, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
                yield file, node.value if isinstance(node.value, str) else node.value.decode("latin-1")


def test_every_package_is_a_room_with_its_walls() -> None:
    assert packages() - NOT_ROOMS == set(ROOMS), "a new top-level package needs its place in ROOMS"
    assert all(any(file.startswith(f"{room}/") for file in sources()) for room in ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_it_may(room: str) -> None:
    allowed = ROOMS[room] | {room}
    assert [i for i in imports() if i.file.startswith(f"{room}/") and i.top in ROOMS and i.top not in allowed] == []


def test_nobody_imports_simulation_or_bench_or_tests() -> None:
    assert [i for i in imports() if i.top in {"simulation", "bench", "tests"} and not i.file.startswith(
        (f"{i.top}/", "bench/"))] == []  # fmt: skip


@pytest.mark.parametrize("room", ["telemetry", "drivers"])
def test_the_lowest_rooms_need_the_standard_library_only(room: str) -> None:
    found = {i.top for i in third_party() if i.file.startswith(f"{room}/")}
    assert found == ({"zstandard"} if room == "telemetry" else set())


def test_every_library_comes_in_by_its_door() -> None:
    strangers = [i for i in third_party() if not re.fullmatch(DOORS.get(i.top, ""), i.file)]
    assert strangers == [], "a library needs its door in DOORS"


@pytest.mark.parametrize("library", sorted(ONE_FILE))
def test_one_library_has_one_door(library: str) -> None:
    files = {i.file for i in third_party() if i.top == library and not i.file.startswith("bench/")}
    assert len(files) <= 1, files


def test_no_import_is_relative_or_of_everything() -> None:
    assert [i for i in imports() if i.relative] == []
    stars = [
        file
        for file, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    ]
    assert stars == []


def test_modules_named_at_run_time_are_of_the_room_that_names_them() -> None:
    calls = [
        (file, ast.unparse(node.args[0]))
        for file, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in {"import_module", "__import__"}
    ]
    assert calls
    assert [c for c in calls if not c[1].startswith(f"f'{c[0].split('/')[0]}.")] == []


QUEUES = {"Queue": "maxsize", "LifoQueue": "maxsize", "PriorityQueue": "maxsize", "SimpleQueue": "", "deque": "maxlen"}


def is_bounded(call: ast.Call) -> bool:
    """Tell whether a call that makes a queue gives it a bound."""
    name = ast.unparse(call.func).split(".")[-1]
    places = call.args[1 if name == "deque" else 0 :] + [k.value for k in call.keywords if k.arg == QUEUES[name]]
    return name != "SimpleQueue" and any(ast.unparse(place) not in {"0", "None", "-1"} for place in places)


def test_every_queue_has_a_bound() -> None:
    unbounded = {
        file
        for file, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in QUEUES and not is_bounded(node)
    }
    assert unbounded == set(UNBOUNDED) & unbounded, "name the bound, or say in UNBOUNDED where it is"


@pytest.mark.parametrize(
    ("text", "bounded"),
    [
        ("asyncio.Queue()", False),
        ("asyncio.Queue(0)", False),
        ("Queue(maxsize=0)", False),
        ("queue.SimpleQueue()", False),
        ("deque()", False),
        ("deque([1])", False),
        ("deque(maxlen=None)", False),
        ("asyncio.Queue(5)", True),
        ("Queue(maxsize=MOST)", True),
        ("deque([], 5)", True),
        ("collections.deque(maxlen=5)", True),
    ],
)
def test_the_eye_for_bounds_sees(text: str, bounded: bool) -> None:
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    assert is_bounded(call) is bounded


def test_no_expression_repeats_a_group_possessively() -> None:
    """Python before 3.11.5, which Debian 12 has, keeps what such a group consumed before it failed (gh-106052)."""
    assert POSSESSIVE_GROUP.search(r"(?:-[a-z]+)*+")
    assert POSSESSIVE_GROUP.search(r"(?:a){1,3}+")
    assert not POSSESSIVE_GROUP.search(r"(?>(?:-[a-z]++)*)")
    assert [(file, text) for file, text in strings() if POSSESSIVE_GROUP.search(text)] == []


HEAVY = {"numpy", "cv2", "av", "influxdb_client", "duckdb", "httpx", "pandas", "amqtt", "grafana_client", "simulation"}


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("edge_agent.cli", HEAVY | {"hub"}),
        ("edge_agent.agent", HEAVY | {"hub"}),
        ("edge_agent.lean", HEAVY | {"hub", "pydantic", "typer", "rich", "service.settings", "edge_agent.config"}),
        ("hub.cli", HEAVY | {"edge_agent", "drivers", "serial", "psutil"}),
        ("telemetry.check", HEAVY | {"asyncio", "pydantic", "zstandard", "service"}),
        ("drivers.catalogue", HEAVY | {"asyncio", "pydantic", "zstandard", "serial", "service"}),
    ],
)
def test_a_command_loads_nothing_that_it_may_not_need(module: str, unwanted: set[str]) -> None:
    script = f"import sys, {module}; print(*sorted(sys.modules))"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=60, check=True)
    loaded = set(done.stdout.split())
    assert module in loaded
    assert loaded & unwanted == set()
