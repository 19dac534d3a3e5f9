"""What an edit that moves lines leaves of a scan: what was found now is what was found the last time, at other lines of the files that have
changed.

A document depends on the numbers of lines by their order alone, so that it can be told again with other numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping
from typing import Any, get_args

from msgspec import Struct

from toolaudit.effects import units
from toolaudit.effects.units import Packed, Walked
from toolaudit.facts import Expr, Unreadable
from toolaudit.frameworks.discover import Discovery
from toolaudit.model import Place, Tool
from toolaudit.verdicts.dispatching import DispatchSite

EXPRESSIONS = get_args(Expr)
UNSEEN = frozenset({"line", "col"})
"""Of expressions: what was found by their lines is compared itself."""


class Head(Struct, frozen=True, array_like=True):
    """What was found before the walks."""

    discovery: Discovery
    tools: tuple[Tool, ...]
    runners: tuple[DispatchSite, ...]
    unreadable: tuple[Unreadable, ...]
    files: int


class Lines:
    """Where the lines went of the files that have changed, as far as two scans have been compared."""

    def __init__(self, changed: Collection[str]) -> None:
        self.changed = changed
        self.known: dict[str, dict[int, int]] = {file: {0: 0} for file in changed}
        self._words: tuple[dict[str, str], dict[str, str]] = {}, {}

    def heads(self, old: Head, new: Head) -> bool:
        """Whether both say the same but for lines."""
        one, other = old.discovery, new.discovery
        return (
            old.files == new.files
            and self._tools(one.tools, other.tools)
            and self._tools(old.tools, new.tools)
            and one.written.keys() == other.written.keys()
            and all(self._same(said, other.written[tool], tool.partition("::")[0]) for tool, said in one.written.items())
            and self._same((one.notes, old.runners, old.unreadable), (other.notes, new.runners, new.unreadable))
        )

    def walks(self, old: Packed, new: Packed) -> bool:
        """The same of the walks of a file's tools."""
        once = units.Once()
        before, now = units.unpacked(old, once), units.unpacked(new, once)
        known = before is not None and now is not None and old.marks == new.marks and len(before) == len(now)
        return known and all(self._walk(*pair) for pair in zip(before or (), now or (), strict=True))

    def agree(self) -> bool:
        """Whether the lines of every file kept their order."""
        for there in self.known.values():
            now = [there[line] for line in sorted(there)]
            if any(one >= other for one, other in itertools.pairwise(now)):
                return False
        return True

    def _tools(self, old: tuple[Tool, ...], new: tuple[Tool, ...]) -> bool:
        pairs = zip(old, new, strict=False)
        return len(old) == len(new) and all((a == b and a.file not in self.changed) or self._same(a, b) for a, b in pairs)

    def _walk(self, old: Walked, new: Walked) -> bool:
        """Conditions and transactions have names with lines in them, which mean something within one walk."""
        self._words = {}, {}
        return self._same(old, new)

    def _same(self, old: Any, new: Any, file: str = "") -> bool:
        if type(old) is not type(new):
            return False
        if isinstance(old, Place):
            return old.file == new.file and old.function == new.function and self._line(old.file, old.line, new.line)
        if isinstance(old, Struct):
            return all(self._field(name, old, new, file) for name in old.__struct_fields__)
        if isinstance(old, tuple | list):
            return len(old) == len(new) and all(self._same(a, b, file) for a, b in zip(old, new, strict=True))
        if isinstance(old, dict):
            return list(old) == list(new) and all(self._same(value, new[key], file) for key, value in old.items())
        return bool(old == new)

    def _field(self, name: str, old: Any, new: Any, file: str) -> bool:
        one, other = getattr(old, name), getattr(new, name)
        home = old.path if isinstance(old, Unreadable) else getattr(old, "file", file)
        if name in UNSEEN and isinstance(old, EXPRESSIONS):
            return True
        if name == "line":
            return self._line(home, one, other)
        if name == "declared_lines":
            return one.keys() == other.keys() and all(self._line(home, line, other[key]) for key, line in one.items())
        if name == "arms":
            return len(one) == len(other) and all(self._word(a[0], b[0]) and a[1] == b[1] for a, b in zip(one, other, strict=True))
        if name == "transaction":
            return self._word(one, other)
        return self._same(one, other, home)

    def _line(self, file: str, old: int, new: int) -> bool:
        if file not in self.changed:
            return old == new
        return self.known[file].setdefault(old, new) == new

    def _word(self, old: str, new: str) -> bool:
        there, back = self._words
        return there.setdefault(old, new) == new and back.setdefault(new, old) == old and bool(old) == bool(new)


def lines(
    changed: Collection[str], heads: tuple[Head, Head], walks: Iterable[tuple[Packed, Packed]]
) -> Mapping[str, Mapping[int, int]] | None:
    """File → line before → line now of what was found; None where more than lines has changed."""
    found = Lines(changed)
    same = found.heads(*heads) and all(found.walks(old, new) for old, new in walks) and found.agree()
    return found.known if same else None
