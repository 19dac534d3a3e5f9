"""The repository's documentation: its pages, its example project, and the command line as a reader runs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = {"toolaudit": "toolaudit", "pytest": "pytest"}


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def pages() -> dict[str, str]:
    """Every written page by its path from the root, the README among them; made pages are left out."""
    files = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    made = re.compile(r"docs/(_build|_generated|reference/codes|examples)/")
    paths = {file.relative_to(ROOT).as_posix(): file for file in files}
    return {path: file.read_text(encoding="utf-8") for path, file in paths.items() if not made.match(path)}


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the example project as a clone does, to run commands in."""
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "docs/examples", folder / "docs/examples", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return folder


@pytest.fixture(scope="session")
def run(clone: Path) -> Callable[[Sequence[str]], subprocess.CompletedProcess[str]]:
    """Run `toolaudit …` or `pytest …` in the clone, with this Python, installed or not."""
    sources = os.pathsep.join(str(ROOT / name) for name in ("auditor", "pytest_plugin", "reports"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV_", "GITHUB", "CI"))}
    environment = kept | {"PYTHONPATH": sources, "NO_COLOR": "1", "COLUMNS": "120", "XDG_CACHE_HOME": str(clone / ".cache")}

    def start(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        arguments = [sys.executable, "-m", MODULES[command[0]], *command[1:]]
        return subprocess.run(arguments, cwd=clone, env=environment, capture_output=True, text=True, timeout=300, check=False)

    return start
