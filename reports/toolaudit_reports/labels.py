"""What each tool is called in output: its name, and where several share one, as much of the path as tells them apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from toolaudit_reports.document import Tool


def labels(tools: Iterable[Tool]) -> dict[str, str]:
    """Tool id → label; two tools never share one."""
    by_name: dict[str, list[Tool]] = {}
    for tool in tools:
        by_name.setdefault(tool.name, []).append(tool)
    found: dict[str, str] = {}
    for name, alike in by_name.items():
        places = _places([tool.file for tool in alike]) if len(alike) > 1 else {}
        taken: set[str] = set()
        for tool in alike:
            label = f"{name} ({places[tool.file]})" if places else name
            if label in taken:
                label = f"{name} ({tool.id})"
            taken.add(label)
            found[tool.id] = label
    return found


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
