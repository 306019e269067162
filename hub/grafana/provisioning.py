"""What Grafana reads at its start to find the datasource and the dashboards."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from hub.grafana.target import UID

DASHBOARDS_FOLDER = "/etc/grafana/dashboards/simpang"
TOKEN_FILE = "/etc/grafana/simpang-influx.token"  # noqa: S105 - a path, not a secret
FOLDER = "Simpang"
OLDEST_GRAFANA = "9.5"
"""The first whose tables know `cellOptions`, the colours of cells."""

_Node: TypeAlias = "Mapping[str, _Node] | Sequence[_Node] | str | bool | int"

_DATASOURCE_HEAD = f"""\
# Where Grafana finds the readings. Copy to /etc/grafana/provisioning/datasources/.
#
# SIMPANG_INFLUX_URL  the database's address, in Grafana's environment (Debian: /etc/default/grafana-server),
#                     like http://127.0.0.1:8086
# {TOKEN_FILE}
#                     a read-only token, owner root, group grafana, mode 0640. For InfluxDB 1.x without
#                     authentication an empty file: install -m 0640 -g grafana /dev/null {TOKEN_FILE}
#
# Grafana {OLDEST_GRAFANA} or newer: older ones show the tables without colours. The database stands here twice because
# older Grafanas read `database`, newer ones jsonData.dbName. Grafana 9.4 blanks `database` at the first start after
# it was provisioned; the next start mends it.
#
# InfluxQL is spoken by InfluxDB 1.x, 2.x and 3.x; GET keeps a dashboard from changing anything.
# Made by: simpang-hub grafana write
"""

_DASHBOARDS_HEAD = f"""\
# Where Grafana finds the dashboards. Copy to /etc/grafana/provisioning/dashboards/,
# and the files in dashboards/ to {DASHBOARDS_FOLDER}/. Grafana {OLDEST_GRAFANA} or newer.
# Made by: simpang-hub grafana write
"""


def datasource(url: str, database: str, token: str | None) -> dict[str, Any]:
    """Return the datasource in the words of Grafana's API, which its provisioning files share."""
    said: dict[str, Any] = {
        "name": "Simpang",
        "uid": UID,
        "type": "influxdb",
        "access": "proxy",
        "url": url,
        "database": database,
        "isDefault": True,
        "jsonData": {"version": "InfluxQL", "dbName": database, "httpMode": "GET"},
    }
    if token is not None:
        said["jsonData"]["httpHeaderName1"] = "Authorization"
        said["secureJsonData"] = {"httpHeaderValue1": f"Token {token}"}
    return said


def datasource_file() -> str:
    """Return the text of provisioning/datasources/simpang.yaml."""
    said = datasource("${SIMPANG_INFLUX_URL}", "simpang", f"$__file{{{TOKEN_FILE}}}") | {"editable": False}
    return _DATASOURCE_HEAD + _yaml({"apiVersion": 1, "datasources": [said]})


def dashboards_file() -> str:
    """Return the text of provisioning/dashboards/simpang.yaml."""
    provider: dict[str, _Node] = {
        "name": "simpang",
        "folder": FOLDER,
        "folderUid": UID,
        "type": "file",
        "allowUiUpdates": False,
        "disableDeletion": True,
        "updateIntervalSeconds": 30,
        "options": {"path": DASHBOARDS_FOLDER},
    }
    return _DASHBOARDS_HEAD + _yaml({"apiVersion": 1, "providers": [provider]})


def _yaml(node: Mapping[str, _Node]) -> str:
    return "".join(f"{line}\n" for line in _lines(node))


def _lines(node: _Node) -> Iterator[str]:
    """Yield block YAML; scalars are written as JSON, which YAML contains."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _entry(f"{key}:", value)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for value in node:
            first, *rest = _lines(value)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    else:
        yield json.dumps(node, ensure_ascii=False)


def _entry(key: str, value: _Node) -> Iterator[str]:
    lines = list(_lines(value))
    if isinstance(value, str | bool | int):
        yield f"{key} {lines[0]}"
    else:
        yield key
        yield from (f"  {line}" for line in lines)
