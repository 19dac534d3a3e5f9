"""The command line of a project's entry point: none of pytest's words, and what the entry point says that it wants."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Iterator, Sequence

from pytest_toolaudit.confirming.arguments import FOLDER, text

_REQUIRED = re.compile(r"the following arguments are required: (.+)")  # argparse
_OPTION = re.compile(r"[Mm]issing option '?(-[\w-]+)")  # click and typer
_ARGUMENT = re.compile(r"[Mm]issing argument '?(\w+)")


@contextlib.contextmanager
def command_line(words: Sequence[str] = ()) -> Iterator[io.StringIO]:
    """While entered, a program is called with these words; gives what it says on standard error."""
    saved, sys.argv = sys.argv, [sys.argv[0], *words]
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            yield said
    finally:
        sys.argv = saved


def asked_for(said: str) -> tuple[str, ...]:
    """The words that a program wants which refused to start: what it names, else the working folder."""
    names = [name for listed in _REQUIRED.findall(said) for name in re.split(r",\s*", listed.strip())]
    names += _OPTION.findall(said) + _ARGUMENT.findall(said)
    words: list[str] = []
    for name in names:
        spelled = name.split("/")[-1].split()[0]
        words += [spelled] if spelled.startswith("-") else []
        words.append(text(spelled.strip("-").replace("-", "_")))
    return tuple(words) or (FOLDER,)
