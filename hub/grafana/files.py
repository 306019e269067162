"""The dashboards and provisioning files in a folder: written, or compared with what the code would write."""

from __future__ import annotations

from pathlib import Path

from hub.grafana import dashboards, provisioning


def texts() -> dict[Path, str]:
    """Return each file's path below the folder, and its text."""
    boards = {Path("dashboards", f"simpang-{name}.json"): board for name, board in dashboards.as_dicts().items()}
    return {path: dashboards.as_text(board) for path, board in boards.items()} | {
        Path("provisioning/datasources/simpang.yaml"): provisioning.datasource_file(),
        Path("provisioning/dashboards/simpang.yaml"): provisioning.dashboards_file(),
    }


def write(folder: Path) -> list[Path]:
    """Write what differs and return it; raises OSError."""
    changed = different(folder)
    for path in changed:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(texts()[path], encoding="utf-8")
    return changed


def different(folder: Path) -> list[Path]:
    """Return the files that are missing or say something else than the code."""
    return [path for path, text in texts().items() if _said(folder / path) != text]


def _said(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
