"""The embedded store's file: kept over a kill, recovered where it is torn, and held where it is beyond that."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from hub.errors import Hold, TryAgain
from hub.stores.embedded import Embedded
from tests.hub.kit import line, lines

WRITER = """
import asyncio, sys
from pathlib import Path
from hub.stores.embedded import Embedded

async def main():
    store = Embedded(Path(sys.argv[1]))
    await store.prepare()
    for said in sys.stdin.buffer:
        await store.write([said])
        print("stored", flush=True)

asyncio.run(main())
"""
"""Writes each line of its input alone and says so."""

FULL = """
import asyncio, resource, signal, sys
from pathlib import Path
from hub.errors import TryAgain
from hub.stores.embedded import Embedded

async def main():
    said = sys.stdin.buffer.readlines()
    store = Embedded(Path(sys.argv[1]))
    await store.prepare()
    await store.write(said[:1])
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    full = max(file.stat().st_size for file in Path(sys.argv[1]).parent.iterdir()) + 200
    resource.setrlimit(resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
    for _ in range(3):
        try:
            await store.write(said)
        except TryAgain:
            print("try again", flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await store.write(said)
    print((await store.query("SELECT count(*) AS n FROM air"))[0]["n"], flush=True)
    await store.close()

asyncio.run(main())
"""
"""Writes on a disk that refuses for a while."""


async def seqs(store: Embedded) -> list[int]:
    return [row["seq"] for row in await store.query("SELECT seq FROM air ORDER BY seq")]


def start(script: str, path: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", script, str(path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def killed_after(path: Path, said: list[bytes]) -> None:
    """Write lines one by one in a process, and kill it as soon as it says that the last is stored."""
    with start(WRITER, path) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"".join(said))
        process.stdin.flush()
        try:
            for _ in said:
                assert process.stdout.readline() == b"stored\n"
        finally:
            process.kill()


async def test_a_kill_right_after_the_answer_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "city.duckdb"
    killed_after(path, lines(20))
    store = Embedded(path)
    await store.prepare()
    assert await seqs(store) == list(range(20))
    await store.close()


async def test_a_torn_tail_of_the_log_costs_the_last_write_at_most(tmp_path: Path) -> None:
    path = tmp_path / "city.duckdb"
    killed_after(path, lines(5))
    log = path.with_name("city.duckdb.wal")
    log.write_bytes(log.read_bytes()[:-7])
    store = Embedded(path)
    await store.prepare()
    assert await seqs(store) == list(range(4))
    await store.write(lines(5))
    assert await seqs(store) == list(range(5))
    await store.close()


def test_a_disk_that_refuses_is_tried_again_and_takes_all_once_it_can(tmp_path: Path) -> None:
    with start(FULL, tmp_path / "city.duckdb") as process:
        said, _ = process.communicate(b"".join(lines(200)), timeout=60)
    assert said.split(b"\n") == [*[b"try again"] * 3, b"200", b""]
    assert process.returncode == 0


async def held(path: Path) -> str:
    """Return what the store says of a file that it cannot open, twice."""
    store = Embedded(path)
    said = set()
    for _ in range(2):
        with pytest.raises(Hold) as caught:
            await store.prepare()
        said.add(str(caught.value).split(":")[0])
    with pytest.raises(TryAgain):
        await store.write(lines(1))
    await store.close()
    assert said == {f"embedded store {path} cannot be opened"}
    return str(caught.value)


@pytest.fixture
async def sound(tmp_path: Path) -> bytes:
    """Return the file of a store that was closed in order."""
    path = tmp_path / "sound.duckdb"
    store = Embedded(path)
    await store.prepare()
    await store.write(lines(2000))
    await store.close()
    return await asyncio.to_thread(path.read_bytes)


@pytest.mark.parametrize("kind", ["head", "middle", "cut", "text", "empty block"])
async def test_a_damaged_file_is_held_with_what_to_do(tmp_path: Path, sound: bytes, kind: str) -> None:
    block = bytes(4096)
    damaged = {
        "head": block + sound[4096:],
        "middle": sound[:4096] + b"\xff" * 8192 + sound[4096 + 8192 :],
        "cut": sound[:5000],
        "text": b"suhu;kelembapan\n" * 1000,
        "empty block": sound[:8192] + block + sound[8192 + 4096 :],
    }[kind]
    path = tmp_path / "city.duckdb"
    path.write_bytes(damaged)
    assert (await held(path)).endswith("check the path, or move the file away")
    assert path.read_bytes() == damaged


async def test_a_folder_where_the_file_should_be_is_held(tmp_path: Path) -> None:
    path = tmp_path / "city.duckdb"
    path.mkdir()
    await held(path)


async def test_a_file_where_the_folder_should_be_is_held(tmp_path: Path) -> None:
    (tmp_path / "kota").write_text("x")
    await held(tmp_path / "kota" / "city.duckdb")


async def test_a_file_that_another_process_has_open_is_held_until_it_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "city.duckdb"
    with start(WRITER, path) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line(1))
        process.stdin.flush()
        assert process.stdout.readline() == b"stored\n"
        await held(path)
        process.stdin.close()
        process.wait(timeout=20)
    store = Embedded(path)
    await store.prepare()
    assert await seqs(store) == [1]
    await store.close()


async def test_a_damaged_file_moved_away_makes_room_for_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "city.duckdb"
    path.write_bytes(b"rusak" * 5000)
    store = Embedded(path)
    with pytest.raises(Hold):
        await store.prepare()
    shutil.move(path, tmp_path / "damaged")
    await store.prepare()
    await store.write(lines(3))
    assert await seqs(store) == list(range(3))
    await store.close()


async def test_a_file_of_an_older_catalogue_gets_the_columns_that_it_lacks(tmp_path: Path) -> None:
    file = tmp_path / "city.duckdb"
    with duckdb.connect(str(file)) as db:
        db.execute(
            "CREATE TABLE air (time TIMESTAMP_NS NOT NULL, site VARCHAR NOT NULL, agent VARCHAR NOT NULL, "
            "sensor VARCHAR NOT NULL, pm10 DOUBLE, quality INTEGER NOT NULL, seq BIGINT NOT NULL, "
            "PRIMARY KEY (site, agent, sensor, time))"
        )
    store = Embedded(file)
    await store.prepare()
    await store.write([b"air,site=a,agent=b,sensor=c pm1=1.5,pm10=2.5,quality=0i,seq=0i 1795000000123000000\n"])
    assert await store.query("SELECT pm1, pm10, seq FROM air") == [{"pm1": 1.5, "pm10": 2.5, "seq": 0}]
    await store.close()
