"""The shell's Tab: commands, options, words of an option, codes; and what a shell sources."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def complete(line: str) -> list[str]:
    """What the shell would offer behind `line`; the last word is being typed."""
    words = line.split(" ")
    environment = os.environ | {"_TOOLAUDIT_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run([sys.executable, "-m", "toolaudit"], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return [offer.partition(",")[2] for offer in done.stdout.split()]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("toolaudit sc", ["scan", "schema"]),
        ("toolaudit scan --fo", ["--format"]),
        ("toolaudit scan --format s", ["sarif"]),
        ("toolaudit report --fail-on n", ["note", "never"]),
        ("toolaudit explain lost", ["lost-update"]),
        ("toolaudit explain TA10", ["TA101", "TA102", "TA103", "TA104", "TA105"]),
        ("toolaudit graph --runner e", ["event-loop"]),
    ],
)
def test_offers(line: str, offered: list[str]) -> None:
    assert complete(line) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(shell: str) -> None:
    environment = os.environ | {"_TOOLAUDIT_COMPLETE": f"{shell}_source"}
    done = subprocess.run([sys.executable, "-m", "toolaudit"], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert "_TOOLAUDIT_COMPLETE" in done.stdout
