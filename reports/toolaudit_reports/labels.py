"""What each tool is called in output: its name, and where several share one, as much of its place as tells them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Protocol


class Tool(Protocol):
    """What a label is made of."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int: ...


def labels(tools: Iterable[Tool]) -> dict[str, str]:
    """Tool id → label; two tools never share one."""
    by_name: dict[str, list[Tool]] = {}
    for tool in tools:
        by_name.setdefault(tool.name, []).append(tool)
    found: dict[str, str] = {}
    for name, alike in by_name.items():
        places = _places([tool.file for tool in alike]) if len(alike) > 1 else {}
        in_file = Counter(tool.file for tool in alike)
        on_line = Counter((tool.file, tool.line) for tool in alike)
        for tool in alike:
            place = places.get(tool.file, "")
            if on_line[tool.file, tool.line] > 1:
                place = tool.id
            elif in_file[tool.file] > 1:
                place = f"{place}:{tool.line}"
            found[tool.id] = f"{name} ({place})" if place else name
    return found


def fitted(label: str, room: int) -> str:
    """A label in so many characters: what tells tools of one name apart stands at its end, so the middle goes."""
    if len(label) <= room:
        return label
    name, place, _ = label.partition(" (")
    front = min(len(name) + 2, room - 10) if place else room - 1
    return f"{label[:front]}…{label[front - room + 1 :] if front < room - 1 else ''}"


def _places(files: list[str]) -> dict[str, str]:
    """File → the fewest last parts of its path that no other of `files` ends in."""
    distinct = sorted(set(files))
    parts = {file: file.split("/") for file in distinct}
    return {file: next(_tails(file, parts, distinct)) for file in distinct}


def _tails(file: str, parts: dict[str, list[str]], others: list[str]) -> Iterator[str]:
    """Ever longer ends of `file`'s path that no other file has; at last the whole path."""
    for count in range(1, len(parts[file]) + 1):
        tail = parts[file][-count:]
        if not any(other != file and parts[other][-count:] == tail for other in others):
            yield "/".join(tail)
    yield file
