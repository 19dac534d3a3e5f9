"""The cases: Markdown files with sources and the tools they must give."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

CASES = Path(__file__).parent / "cases"
_BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


class Case(Struct, frozen=True):
    """Sources by path, versions by framework's distribution, expected lines."""

    name: str
    sources: dict[str, str]
    versions: dict[str, str]
    expected: tuple[str, ...]


def read(path: Path) -> Case:
    text = path.read_text(encoding="utf-8")
    sources: dict[str, str] = {}
    expected: list[str] = []
    for kind, body in _BLOCK.findall(text):
        if kind == "expect":
            expected += [line.strip() for line in body.splitlines() if line.strip()]
        else:
            first, _, rest = body.partition("\n")
            sources[first.removeprefix("#").strip()] = rest
    versions = dict(re.findall(r"^version: (\S+) (\S+)$", text, re.MULTILINE))
    return Case(path.stem, sources, versions, tuple(expected))


def cases() -> list[Case]:
    return [read(path) for path in sorted(CASES.glob("*.md"))]
