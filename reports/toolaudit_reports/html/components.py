"""Which tools are coupled with which: connected components over open conflicts, largest first."""

from __future__ import annotations

from toolaudit_reports.findings import Entry


def components(entries: tuple[Entry, ...]) -> tuple[tuple[str, ...], ...]:
    """Tool ids by component; within one, the most coupled first. Tools without a conflict are in none."""
    parent: dict[str, str] = {}
    degree: dict[str, int] = {}

    def root(tool: str) -> str:
        while parent[tool] != tool:
            parent[tool] = parent[parent[tool]]
            tool = parent[tool]
        return tool

    for entry in entries:
        for tool in entry.tools:
            parent.setdefault(tool, tool)
            degree[tool] = degree.get(tool, 0) + 1
        parent[root(entry.tools[0])] = root(entry.tools[-1])
    groups: dict[str, list[str]] = {}
    for tool in parent:
        groups.setdefault(root(tool), []).append(tool)
    ordered = [tuple(sorted(group, key=lambda tool: (-degree[tool], tool))) for group in groups.values()]
    return tuple(sorted(ordered, key=lambda group: (-len(group), group)))
