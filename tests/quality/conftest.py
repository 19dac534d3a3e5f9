"""A fresh working folder for each program, on tmpfs where there is one."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def working_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The folder that a program's relative paths mean."""
    before, modules = Path.cwd(), set(sys.modules)
    folder = tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    monkeypatch.setenv("PROGRAMS", folder)
    yield folder
    os.chdir(before)
    shutil.rmtree(folder)
    for name in set(sys.modules) - modules:
        if name.startswith("program_"):
            del sys.modules[name]
