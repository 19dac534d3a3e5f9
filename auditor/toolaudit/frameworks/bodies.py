"""Which function bodies discovery must read: those whose text can declare, register, list or dispatch a tool. The rest is never parsed twice."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from toolaudit.facts import Call, Comprehension, Expr, FunctionFacts, Mapping, ModuleIndex
from toolaudit.frameworks.known import Known, Rule, rules_for
from toolaudit.frameworks.names import Names
from toolaudit.frameworks.nodes import body_expressions, expressions, functions
from toolaudit.frameworks.scope import Scope
from toolaudit.project.source import Project

MODULE = "<module>"
Standing = tuple[Scope, int, Call | Comprehension | Mapping]


class Bodies:
    """Finds and reads the bodies of interest; each file's text is searched once."""

    def __init__(self, project: Project, names: Names, known: Known) -> None:
        self.project = project
        self.names = names
        self.known = known
        self.inert: set[tuple[str, str, int]] = set()
        """The project's functions that apply no framework's decorator, whatever they are given."""
        self.kept: dict[tuple[str, str], Rule | None] = {}
        """The project's decorators, with the framework's declaration that gets what they keep."""
        self._nodes: dict[str, list[Standing]] = {}
        self._picked: dict[str, tuple[str, ...]] = {}
        self._scopes: dict[tuple[str, str], Scope] = {}

    def scope(self, path: str, qualname: str = "") -> Scope:
        key = (path, "" if qualname == MODULE else qualname)
        if key not in self._scopes:
            self._scopes[key] = Scope(self.names, *key)
            if not key[1] and MODULE in self.picked(path):
                self._scopes[key].top = self.project.facts(path, MODULE)
        return self._scopes[key]

    def hits(self, path: str, pattern: re.Pattern[str]) -> list[tuple[int, re.Match[str]]]:
        """Lines (from 1) of a file on which a pattern is found."""
        text, offsets = self.names.text(path)
        return [(bisect_right(offsets, match.start()), match) for match in pattern.finditer(text)]

    def picked(self, path: str) -> tuple[str, ...]:
        """Qualnames of the outermost functions to read, `<module>` for top-level code, in order."""
        if path not in self._picked:
            index = self.project.index(path)
            self._picked[path] = () if index is None else tuple(self._pick(path, index))
        return self._picked[path]

    def _pick(self, path: str, index: ModuleIndex) -> Iterator[str]:
        text, offsets = self.names.text(path)
        lines = {bisect_right(offsets, at) for at in self._words(text)}
        lines |= {bisect_right(offsets, at) for at in self._schema_keys(text)}
        alias = self._aliases(index)
        if alias is not None:
            lines |= {line for line, _ in self.hits(path, alias)}
        makers = {head.qualname for head in index.classes if head.bases and self._makes_tools(path, head.name)}
        lines |= {head.line for head in index.functions if head.name == "__init__" and head.owner in makers}
        lines |= {bisect_right(offsets, at) for at in self._lists(path, text)}
        lines |= {bisect_right(offsets, at) for at in _records(text)}
        yield from self.holders(index, sorted(lines))

    def _words(self, text: str) -> Iterator[int]:
        """Where a word of interest stands in a call, decorators left out. A search for each word is far quicker than one for any of them."""
        for word, after in self.known.words.items():
            at = text.find(word)
            while at >= 0:
                before = text[at - 1] if at else ""
                whole = word[0] == "." or not (before.isalnum() or before in {"_", "@"})
                if whole and after.match(text, at + len(word)):
                    start = text.rfind("\n", 0, at) + 1
                    if not text[start:at].lstrip().startswith("@"):
                        yield at
                at = text.find(word, at + 1)

    def _schema_keys(self, text: str) -> Iterator[int]:
        """Where a key of a schema stands quoted. A search for each key is far quicker than one for any quoted text."""
        for key in self.known.schema_keys:
            at = text.find(key)
            while at >= 0:
                if self.known.schemas.match(text, at - 1 if at else 0):
                    yield at - 1
                at = text.find(key, at + 1)

    def _lists(self, path: str, text: str) -> Iterator[int]:
        """Where a call that takes a list of tools gets one by keyword."""
        for keyword, names in self.known.list_keywords.items():
            at = text.find(f"{keyword}=")
            while at >= 0:
                callee = called_before(text, at)
                if callee in names or (callee[:1].isupper() and self._is_class(path, callee)):
                    yield at
                at = text.find(f"{keyword}=", at + 1)

    def _is_class(self, path: str, name: str) -> bool:
        return any(target.kind in {"class", "foreign"} and target.names[-1] != name for target in self.names.lookup(path, name))

    def _aliases(self, index: ModuleIndex) -> re.Pattern[str] | None:
        """Local names under which a file knows what the frameworks declare with."""
        names = {b.name for b in index.imports if b.attribute and b.name != b.attribute and b.attribute in self.known.calls}
        named = {b.name for b in index.imports if b.attribute} | {head.name for head in index.classes}
        names |= {name for name in named if "Tool" in name and self._makes_tools(index.path, name)}
        return re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, names)))})\b\s*\(") if names else None

    def _makes_tools(self, path: str, name: str) -> bool:
        """A class of the project's own below a framework's that makes a tool of a function."""
        targets = [one for one in self.names.lookup(path, name) if one.kind == "class" and name[:1].isupper()]
        return bool(rules_for(self.known.calls, self.names, targets, {"factory"}))

    def holders(self, index: ModuleIndex, lines: list[int]) -> list[str]:
        """The outermost functions that hold the lines; `<module>` where a line is top-level code that is no indexed assignment."""
        outer = sorted((head.start, head.end, head.qualname) for head in index.functions if head.nested_in is None)
        starts = [start for start, _, _ in outer]
        found: dict[str, None] = {}
        for line in lines:
            at = bisect_right(starts, line) - 1
            if at >= 0 and line <= outer[at][1]:
                found[outer[at][2]] = None
            elif not self._indexed(index, line):
                found[MODULE] = None
        return list(found)

    def _indexed(self, index: ModuleIndex, line: int) -> bool:
        """The line is part of an assignment that the index has, of an import, a comment, or of a class's fields."""
        if any(head.start <= line <= head.end for head in index.classes):
            return True
        at = line
        while at > 1 and (not (text := self.project.line(index.path, at)) or text[0] in " \t)]}#"):
            at -= 1
        first = self.project.line(index.path, at)
        return first.startswith(("from ", "import ", "#", '"', "'", "@")) or any(assign.line == at for assign in index.assigns)

    def read(self, path: str) -> Iterator[FunctionFacts]:
        """The facts of the picked bodies and of the functions nested in them."""
        for qualname in self.picked(path):
            facts = self.project.facts(path, qualname)
            if facts is not None:
                yield from functions(facts)

    def calls(self, path: str) -> Iterator[tuple[Scope, Call]]:
        """Every call that may declare something, with the scope it stands in: module-level assignments, then picked bodies."""
        for scope, _, node in self.nodes(path):
            if isinstance(node, Call):
                yield scope, node

    def nodes(self, path: str) -> list[Standing]:
        """Every call, comprehension and dict display of module-level assignments and picked bodies, with scope and line; walked once."""
        if path not in self._nodes:
            self._nodes[path] = list(self._walk(path))
        return self._nodes[path]

    def _walk(self, path: str) -> Iterator[Standing]:
        index = self.project.index(path)
        if index is None:
            return
        scope = self.scope(path)
        for line, expr in _assigned(index) if MODULE not in self.picked(path) else ():
            for node in expressions(expr):
                if isinstance(node, Call | Comprehension | Mapping):
                    yield scope, line, node
        for facts in self.read(path):
            scope, line = self.scope(path, facts.qualname), facts.line
            for node in body_expressions(facts.body):
                line = getattr(node, "line", 0) or line
                if isinstance(node, Call | Comprehension | Mapping):
                    yield scope, line, node


def _assigned(index: ModuleIndex) -> Iterator[tuple[int, Expr]]:
    for assign in index.assigns:
        if assign.value is not None:
            yield assign.line, assign.value
    for head in index.classes:
        for field in head.fields:
            if field.value is not None:
                yield field.line, field.value


_RECORD = re.compile(r"Tool\w*(?:\.from_\w+\(\s*\w|\(\s*(?:name\s*=|[\"']))")


def _records(text: str) -> Iterator[int]:
    """Where a class that is called a tool gets a name, or makes a tool of something."""
    at = text.find("Tool")
    while at >= 0:
        if _RECORD.match(text, at):
            yield at
        at = text.find("Tool", at + 1)


_FAR = 4000
"""How far before a keyword its call may begin, in characters."""


def called_before(text: str, at: int) -> str:
    """The last name of the callee whose arguments stand at an offset; empty when it is no call. Brackets in strings may mislead it."""
    depth = 0
    for position in range(at - 1, max(-1, at - _FAR), -1):
        char = text[position]
        if char in ")]}":
            depth += 1
        elif char in "([{":
            depth -= 1
            if depth < 0:
                found = re.search(r"(\w+)\s*$", text[max(0, position - 80) : position]) if char == "(" else None
                return found[1] if found else ""
    return ""
