"""The embedded store's file when it cannot be opened to the end: nothing half made stays, nothing whole goes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from hub.errors import Hold
from hub.stores import embedded
from hub.stores.embedded import Embedded
from tests.hub.kit import line, lines
from tests.hub.test_embedded_files import WRITER, held, killed_after, seqs, start

FULL_AT_BIRTH = """
import asyncio, sys
from pathlib import Path
from hub.errors import Hold
from hub.stores.embedded import Embedded
from tests.support.full_disk import fill

async def main():
    path, free = Path(sys.argv[1]), int(sys.argv[2])
    ballast = fill(path.parent)
    with ballast.open("r+b") as file:
        file.truncate(ballast.stat().st_size - free)
    store = Embedded(path)
    for _ in range(3):
        try:
            await store.prepare()
        except Hold:
            print("hold", sorted(file.name for file in path.parent.iterdir()), flush=True)
    ballast.unlink()
    await store.prepare()
    await store.write(sys.stdin.buffer.readlines())
    print((await store.query("SELECT count(*) AS n FROM air"))[0]["n"], flush=True)
    await store.close()

asyncio.run(main())
"""
"""Opens a new store on a disk that has room for so many bytes, and again when it has room."""


@pytest.mark.parametrize("free", [0, 4096, 8192, 12288, 16384])
def test_a_disk_that_is_full_at_the_first_start_leaves_nothing_and_works_when_freed(tmp_path: Path, free: int) -> None:
    unshare = ["unshare", "--mount", "--propagation", "private"]
    if shutil.which("unshare") is None or subprocess.run([*unshare, "true"], check=False).returncode:
        pytest.skip("a file system of its own cannot be mounted here")
    script = f'mount -t tmpfs -o size=1m tmpfs "$0" && exec "{sys.executable}" -c "$1" "$0/city.duckdb" {free}'
    command = [*unshare, "sh", "-c", script, str(tmp_path), FULL_AT_BIRTH]
    ran = subprocess.run(command, input=b"".join(lines(5)), capture_output=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    assert ran.stdout.decode().splitlines() == [*["hold ['ballast']"] * 3, "5"]


async def test_a_file_whose_tables_cannot_be_brought_up_to_date_is_held_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "city.duckdb"
    store = Embedded(path)
    await store.prepare()
    await store.write(lines(3))
    await store.close()
    with monkeypatch.context() as patched:
        patched.setattr(embedded, "_table", lambda family: ["SELECT nonsense"])
        await held(path)
        with pytest.raises(Hold) as caught:
            await Embedded(path).prepare()
    killed_after(path, lines(4))
    assert caught.value.__cause__, "it was let go although the error is still held"
    store = Embedded(path)
    await store.prepare()
    assert await seqs(store) == [0, 1, 2, 3]
    await store.close()


async def test_a_new_file_that_another_process_opened_meanwhile_is_not_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "city.duckdb"

    def too_late(_: Path) -> duckdb.DuckDBPyConnection:
        process = start(WRITER, path)
        processes.append(process)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line(1))
        process.stdin.flush()
        assert process.stdout.readline() == b"stored\n"
        return duckdb.connect(str(path))

    processes: list[subprocess.Popen[bytes]] = []
    with monkeypatch.context() as patched:
        patched.setattr(embedded, "_with_tables", too_late)
        with pytest.raises(Hold, match="lock"):
            await Embedded(path).prepare()
    processes[0].communicate(timeout=20)
    store = Embedded(path)
    await store.prepare()
    assert await seqs(store) == [1]
    await store.close()
