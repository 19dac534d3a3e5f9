"""Requirements files as pip reads them: continued lines, comments, options, hashes, and the files that they include."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

_INCLUDE = re.compile(r"^(?:-r|--requirement|-c|--constraint)[\s=]*(?P<file>[^\s].*)$")
_COMMENT = re.compile(r"(?:^|\s)#.*$", re.MULTILINE)
_OPTION = re.compile(r"\s+--?[A-Za-z].*$")
_MOST = 20_000_000
"""Bytes; no file of this kind that people keep is longer."""


def requirements(file: Path, seen: frozenset[Path] = frozenset()) -> Iterator[tuple[Requirement, str]]:
    """Every requirement and constraint of a file and of those that it includes, with the name of the file that it stands in.

    What is no requirement (options, local paths, addresses of archives) is left out, and so is what cannot be read.
    """
    place = file.resolve()
    if place in seen:
        return
    for line in _COMMENT.sub("", text_of(file).replace("\\\n", " ")).splitlines():
        include = _INCLUDE.match(line.strip())
        if include:
            yield from requirements(file.parent / include["file"].strip(), seen | {place})
            continue
        try:
            found = Requirement(_OPTION.sub("", line.strip()))
        except InvalidRequirement:
            continue
        yield found, file.name


def pinned(requirement: Requirement) -> str:
    """The one version that a requirement allows; empty when it allows several."""
    listed = list(requirement.specifier)
    exact = [one.version for one in listed if one.operator in {"==", "==="} and "*" not in one.version]
    return exact[0] if len(exact) == len(listed) == 1 else ""


def text_of(file: Path) -> str:
    """A file's text, by its byte-order mark UTF-16 too (what PowerShell writes); empty when it cannot be read."""
    try:
        if not file.is_file() or file.stat().st_size > _MOST:
            return ""
        raw = file.read_bytes()
        wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
        return raw.decode("utf-16" if wide else "utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError):
        return ""
