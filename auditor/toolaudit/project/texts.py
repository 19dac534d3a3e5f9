"""The lines of the files that were read last."""

from __future__ import annotations

from collections import OrderedDict

KEPT = 96
"""Files whose lines stay in memory."""


class Texts:
    """Lines by path, those asked for longest ago let go."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, list[str]] = OrderedDict()

    def lines(self, path: str) -> list[str] | None:
        if path not in self._lines:
            return None
        self._lines.move_to_end(path)
        return self._lines[path]

    def keep(self, path: str, text: str) -> list[str]:
        lines = self._lines[path] = text.split("\n")
        if len(self._lines) > KEPT:
            self._lines.popitem(last=False)
        return lines

    def clear(self) -> None:
        self._lines.clear()
