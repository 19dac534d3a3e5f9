"""On a terminal: colours in the story of a failure, and a line that says how far a long exploration is. Loaded when needed only."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

_RESET, _BOLD, _DIM = "\x1b[0m", "\x1b[1m", "\x1b[2m"
_YELLOW, _CYAN, _MAGENTA, _GREEN = "\x1b[33m", "\x1b[36m", "\x1b[35m", "\x1b[32m"
_PARTS = (
    (re.compile(r"⇄ [^│]*"), _BOLD + _YELLOW),
    (re.compile(r"\breads (?=\w+:)[^│]*"), _CYAN),
    (re.compile(r"\bwrites (?=\w+:)[^│]*"), _MAGENTA),
    (re.compile(r"^E\s+(?:serial outcome of .*:|outcome.*:)$"), _BOLD),
    (re.compile(r"(?<= )fix: .*|(?<= )or declare the tools .*"), _GREEN),
    (re.compile(r"(?<= )replay: .*|(?<= )or: pytest .*"), _DIM),
)
_BEGIN = re.compile(r"^E .*(?:shared-state mutation|deadlock|livelock|context dependency|timing dependency|order-dependent)")
_QUIET_SECONDS, _EVERY = 2.0, 0.5


def colour(report: Any) -> None:
    """Colours the lines that pytest would print all red; the first one stays red."""
    traceback = getattr(report.longrepr, "reprtraceback", None)
    for entry in getattr(traceback, "reprentries", ()):
        lines = getattr(entry, "lines", [])
        begun = False
        for number, line in enumerate(lines):
            if begun and line.startswith("E"):
                lines[number] = _RESET + coloured(line)
            begun = begun or _BEGIN.match(line) is not None


def coloured(line: str) -> str:
    """One line with its parts in colour."""
    for pattern, style in _PARTS:
        line = pattern.sub(f"{style}\\g<0>{_RESET}", line)
    return line


class Progress:
    """Says on one line, which it takes back, how many schedules have been run; nothing for the first seconds."""

    def __init__(self, config: pytest.Config) -> None:
        self.reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
        self.capture: Any = config.pluginmanager.get_plugin("capturemanager")
        self.next = time.monotonic() + _QUIET_SECONDS
        self.shown = 0

    @staticmethod
    def wanted(config: pytest.Config) -> bool:
        """Whether there is a terminal to write to."""
        reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
        return reporter is not None and bool(reporter.isatty) and config.get_verbosity() >= 0

    def __call__(self, schedules: int, budget: int) -> None:
        now = time.monotonic()
        if now >= self.next:
            self.next = now + _EVERY
            self._write(f"toolaudit: {schedules} of at most {budget} schedules")

    def end(self) -> None:
        """Takes the line back."""
        if self.shown:
            self._write("")

    def _write(self, text: str) -> None:
        with self.capture.global_and_fixture_disabled():
            self.reporter.write("\r" + text.ljust(self.shown) + ("\r" if not text else ""), flush=True)
        self.shown = len(text)
