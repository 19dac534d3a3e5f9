"""A folder that other programs write in is as it was before each schedule."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.oracle.tree import Tree

WRITES = "import sys, pathlib; pathlib.Path(sys.argv[1]).open('x').write('made')"


def make(name: str) -> int:
    """Fails where the file is there already."""
    return subprocess.run([sys.executable, "-S", "-c", WRITES, name], check=False, capture_output=True).returncode


def test_what_changed_is_put_back(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "a.txt").write_text("one")
    (tmp_path / "empty").mkdir()
    tree = Tree(str(tmp_path))
    for _ in range(2):
        (tmp_path / "kept" / "a.txt").write_text("other")
        (tmp_path / "kept" / "b.txt").write_text("new")
        (tmp_path / "made" / "below").mkdir(parents=True)
        (tmp_path / "made" / "below" / "c.txt").write_text("new")
        (tmp_path / "empty").rmdir()
        tree.restore()
        found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
        assert found == {"kept", "kept/a.txt", "empty"}
        assert (tmp_path / "kept" / "a.txt").read_text() == "one"


@pytest.mark.timeout(120)
def test_files_of_other_programs_are_gone_before_the_next_schedule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    verdict = explore([call(make, "a.txt"), call(make, "b.txt")], trees=(str(tmp_path),), budget=4)
    assert [result for _, result in verdict.outcome.results] == [0, 0]
    assert verdict.schedules > 1
