"""Code bases written down as text, opened as projects."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from toolaudit.project.local import LocalProject, open_project

Open = Callable[..., LocalProject]


def pytest_sessionfinish() -> None:
    # pytest-xdist kills a worker that takes more than ten seconds to end, and what it measured would be gone with it.
    coverage = sys.modules.get("coverage")
    if coverage is not None and (measured := coverage.Coverage.current()) is not None:
        measured.save()


@pytest.hookimpl(optionalhook=True)
def pytest_handlecrashitem(crashitem: str) -> None:
    # The summary names it too, but is never printed when the run is cut off after a worker was lost.
    print(f"\nworker lost in {crashitem}", file=sys.__stderr__, flush=True)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """`project({"a.py": "…"}, "folder")`: writes the files below the working folder and opens the roots (default: `.`)."""
    monkeypatch.chdir(tmp_path)

    def make(files: dict[str, str | bytes], *roots: str, markers: dict[str, bytes] | None = None) -> LocalProject:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else dedent(content).encode())
        opened = open_project([Path(r) for r in roots or (".",)], markers or {})
        assert isinstance(opened, LocalProject)
        return opened

    return make
