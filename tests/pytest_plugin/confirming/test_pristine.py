"""What entry points and prepared calls leave in modules is gone before the next attempt."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from pytest_toolaudit.confirming.load import import_file
from pytest_toolaudit.confirming.pristine import held_by, put_back, remember

SOURCE = """
CONNECTION = None
SEEN = []


class Counter:
    def __init__(self):
        self.count = 0

    def bump(self):
        self.count += 1
        SEEN.append(self.count)
        return self.count


def connect():
    global CONNECTION
    CONNECTION = object()
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(tmp_path))
    file = tmp_path / "pristine_sample.py"
    file.write_text(SOURCE)
    monkeypatch.delitem(sys.modules, "pristine_sample", raising=False)
    return import_file(file)


def test_modules_are_as_imported(module: ModuleType) -> None:
    counter = module.Counter()
    held = held_by([counter.bump])
    remember([module.connect])
    for _ in range(2):
        module.connect()
        counter.bump()
        module.late = sys
        put_back()
        held.restore()
        assert (module.CONNECTION, module.SEEN, counter.count) == (None, [], 0)
        assert module.late is sys  # a submodule that was imported since is still there
