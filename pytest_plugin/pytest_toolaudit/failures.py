"""Schedules that failed, kept in ``.toolaudit/failures`` and run first next time: one file a test."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

_FOLDER = Path(".toolaudit") / "failures"


def file_for(root: Path, test: str) -> Path:
    """Where the failing schedules of one test are kept; the name is readable, the hash keeps it unique."""
    readable = re.sub(r"[^\w.-]+", "-", test.rpartition("/")[2])[:80]
    return root / _FOLDER / f"{readable}-{hashlib.sha256(test.encode()).hexdigest()[:8]}.txt"


def load(file: Path) -> list[str]:
    """The kept schedules; none when there is no such file or it cannot be read."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    return [line for line in lines if line.strip() and not line.startswith("#")]


def save(file: Path, test: str, schedule: str) -> None:
    """Adds a schedule."""
    known = load(file)
    if schedule in known:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        text = "\n".join([f"# {test}", *[schedule, *known][:10]]) + "\n"
        file.write_text(text, encoding="utf-8")
    except OSError:  # a read-only checkout: the schedule is in the message anyway
        return


def forget(file: Path) -> None:
    """The test passes now."""
    try:
        file.unlink(missing_ok=True)
    except OSError:
        return
