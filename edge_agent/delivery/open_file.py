"""The spool's file while it is open: its lock, its connection, and what an error of it means."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from edge_agent.delivery import spool_file
from edge_agent.errors import SpoolDamaged, SpoolUnwritable


class OpenFile:
    """Holds the lock from the beginning to `close`, and one connection, which `renew` makes anew after a damage."""

    def __init__(self, path: Path) -> None:
        """Lock and connect; raises SpoolTaken, SpoolUnusable or SpoolUnwritable."""
        self.path = path
        self.has_stale_log = False
        """Whether the log may hold a refused commit, whose pages look committed to a later salvage."""
        lock = spool_file.lock(path)
        try:
            self.renew()
        except BaseException:
            os.close(lock)
            raise
        self._lock: int | None = lock

    def renew(self) -> None:
        """Connect, to a new file where none is left; raises SpoolUnwritable."""
        try:
            self.db = spool_file.open_database(self.path)
        except sqlite3.Error as error:
            raise self._refusal(error) from error

    def renew_log(self) -> None:
        """Empty a stale log, now or another time."""
        if self.has_stale_log:
            with contextlib.suppress(sqlite3.Error):
                spool_file.forget_log(self.db)
                self.has_stale_log = False

    @contextlib.contextmanager
    def judged(self) -> Iterator[None]:
        """Tell a refusing disk, which may take the next commit, from a damaged file, which never will."""
        try:
            yield
        except sqlite3.ProgrammingError:  # ours, such as a call after the closing; the file is not to blame
            raise
        except sqlite3.Error as error:
            raise self._refusal(error) if spool_file.is_refusal(error) else self.set_aside(error) from error
        except OSError as error:
            raise self._refusal(error) from error
        except (SpoolDamaged, MemoryError) as error:
            raise self.set_aside(error) from error

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Take also what cannot be read as what it should be for damage."""
        with self.judged():
            try:
                yield
            except (ValueError, TypeError, AttributeError, OverflowError) as error:
                raise SpoolDamaged(f"{type(error).__name__}: {error}") from error

    def _refusal(self, error: Exception) -> SpoolUnwritable:
        return SpoolUnwritable(f"the spool {self.path} refuses: {error}")

    def set_aside(self, error: Exception) -> SpoolDamaged:
        """Rename the file before it is closed: closing would delete what SQLite does not believe of its log.

        Raises SpoolUnwritable where the disk does not even take a new name.
        """
        try:
            aside = spool_file.set_aside(self.path)
        except OSError as refused:
            raise self._refusal(refused) from error
        self.db.close()
        said = f"spool {self.path} is damaged ({error}); it is kept as {aside}, and a new one takes over"
        return SpoolDamaged(said)

    def close(self) -> None:
        """Close the file and free it, once: the lock's number may be another file's by the second time."""
        lock, self._lock = self._lock, None
        try:
            self.db.close()
        finally:
            if lock is not None:
                os.close(lock)
