"""The one door to grafana-client: sends datasource, folder and dashboards to a running Grafana."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from grafana_client import GrafanaApi  # type: ignore[import-untyped]  # it carries no types
from grafana_client.client import (  # type: ignore[import-untyped]  # as above
    GrafanaClientError,
    GrafanaException,
)

from hub.grafana.errors import BadAddress, GrafanaFailed, GrafanaRefused, GrafanaUnreachable
from hub.grafana.provisioning import FOLDER
from hub.grafana.target import UID

_TIMEOUT = 10.0
_NOT_FOUND = 404

_Call = Callable[[], object]

Credential = str | tuple[str, str]
"""A service account's token, or a user's name and password."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do in Grafana: what it is called and whether it was there before."""

    what: str
    existed: bool


class Publisher:
    """Makes a Grafana show our dashboards; each call may raise GrafanaUnreachable, GrafanaRefused, GrafanaFailed."""

    def __init__(self, url: str, credential: Credential, *, dry_run: bool = False) -> None:
        """Take the address; a dry run asks but changes nothing."""
        if not _is_address(url):
            raise BadAddress(f"{url!r} is no address of a Grafana, like http://127.0.0.1:3000")
        self._url = url
        self._dry_run = dry_run
        self._grafana = GrafanaApi.from_url(url.rstrip("/") + "/", credential, timeout=_TIMEOUT)

    def __enter__(self) -> Self:
        """Do nothing: the first call connects."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the connections."""
        self._grafana.client.s.close()

    def version(self) -> str:
        """Return Grafana's version, which it tells without credentials."""
        said: object = None
        with self._explained("the health check"), contextlib.suppress(GrafanaClientError):
            said = self._grafana.health.check()
        if not isinstance(said, dict) or "version" not in said:
            raise GrafanaUnreachable(f"what answers at {self._url} is no Grafana; check the address and its path")
        return str(said["version"])

    def steps(self, source: Mapping[str, Any] | None, boards: Sequence[Mapping[str, Any]]) -> Iterator[Step]:
        """Do one thing after the other, and yield each when it is done."""
        if source is not None:
            yield self.datasource(source)
        yield self.folder()
        for board in boards:
            yield self.dashboard(board)

    def datasource(self, said: Mapping[str, Any]) -> Step:
        """Create the datasource or bring it up to date."""
        door = self._grafana.datasource
        uid, body = said["uid"], dict(said)
        return self._upserted(
            f"datasource {uid}",
            find=lambda: door.get_datasource_by_uid(uid),
            create=lambda: door.create_datasource(body),
            update=lambda: door.update_datasource_by_uid(uid, body),
        )

    def folder(self) -> Step:
        """Create the folder of the dashboards if it is not there."""
        door = self._grafana.folder
        return self._upserted(
            f"folder {FOLDER}",
            find=lambda: door.get_folder(UID),
            create=lambda: door.create_folder(FOLDER, uid=UID),
            update=lambda: None,
        )

    def dashboard(self, board: Mapping[str, Any]) -> Step:
        """Create a dashboard in the folder, or overwrite it."""
        door = self._grafana.dashboard
        message = {"dashboard": {**board, "id": None}, "folderUid": UID, "overwrite": True}
        return self._upserted(
            f"dashboard {board['uid']}",
            find=lambda: door.get_dashboard(board["uid"]),
            create=lambda: door.update_dashboard(message),
            update=lambda: door.update_dashboard(message),
        )

    def _upserted(self, what: str, *, find: _Call, create: _Call, update: _Call) -> Step:
        with self._explained(what):
            existed = _exists(find)
            if not self._dry_run:
                (update if existed else create)()
        return Step(what, existed=existed)

    @contextlib.contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """Turn the client's errors into ours."""
        try:
            yield
        except GrafanaException as error:
            raise _classified(what, error) from error
        except (OSError, ValueError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise GrafanaUnreachable(
                f"no Grafana answers at {self._url} ({what}); is it running, are host and port right? {reason:.200}"
            ) from error


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _exists(find: _Call) -> bool:
    try:
        find()
    except GrafanaClientError as error:
        if error.status_code != _NOT_FOUND:
            raise
        return False
    return True


def _classified(what: str, error: GrafanaException) -> GrafanaRefused | GrafanaFailed:
    """Return the error by what the operator has to mend."""
    told = error.response.get("message", "") if isinstance(error.response, dict) else error.message
    match error.status_code:
        case 401:
            return GrafanaRefused(f"{what}: Grafana does not accept the user name, password or token; check the file")
        case 403:
            return GrafanaRefused(
                f"{what}: the account may not do this ({told}); dashboards and folder need the role Editor, the "
                "datasource needs Admin; what was provisioned by file can be changed only there"
            )
        case int() as status if status < 500:
            return GrafanaRefused(f"{what}: {told}; what was provisioned by file can be changed only there")
    return GrafanaFailed(f"{what}: {told}; look into Grafana's log")
