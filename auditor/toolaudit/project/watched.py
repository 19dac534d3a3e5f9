"""A project that notes what it is asked: all that an answer can depend on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from toolaudit.facts import FunctionFacts, ModuleIndex, Unreadable
from toolaudit.project.source import Project


class Seen(NamedTuple):
    """Files that were asked about, and texts that were looked for in all candidates."""

    files: frozenset[str]
    texts: frozenset[str]


class Watched:
    """The same project; `asked` are the files that it was asked about, `texts` what was looked for in all candidates."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self.asked: set[str] = set()
        self.texts: set[str] = set()

    def again(self) -> Watched:
        """The same project, nothing asked yet."""
        return Watched(self._project)

    def seen(self) -> Seen:
        return Seen(frozenset(self.asked), frozenset(self.texts))

    def saw(self, seen: Seen) -> None:
        """An answer serves that was found elsewhere by asking this."""
        self.asked |= seen.files
        self.texts |= seen.texts

    @property
    def files(self) -> tuple[str, ...]:
        return self._project.files

    @property
    def candidates(self) -> tuple[str, ...]:
        self.asked.update(self._project.candidates)
        return self._project.candidates

    @property
    def unreadable(self) -> tuple[Unreadable, ...]:
        return self._project.unreadable

    def index(self, path: str) -> ModuleIndex | None:
        self.asked.add(path)
        return self._project.index(path)

    def place(self, module: str) -> str | None:
        path = self._project.place(module)
        if path is not None:
            self.asked.add(path)
        return path

    def module(self, name: str) -> ModuleIndex | None:
        self.place(name)
        return self._project.module(name)

    def submodule(self, package: str, name: str) -> ModuleIndex | None:
        return self.module(f"{package}.{name}" if package else name)

    def facts(self, path: str, qualname: str) -> FunctionFacts | None:
        self.asked.add(path)
        return self._project.facts(path, qualname)

    def prefetch(self, functions: Iterable[tuple[str, str]], closely: bool = False) -> None:
        self._project.prefetch(functions, closely)

    def line(self, path: str, number: int) -> str:
        self.asked.add(path)
        return self._project.line(path, number)

    def lines(self, path: str) -> Sequence[str]:
        self.asked.add(path)
        return self._project.lines(path)

    def mentioning(self, text: str, everywhere: bool = False) -> tuple[str, ...]:
        self.texts.add(text)
        found = self._project.mentioning(text, everywhere)
        self.asked.update(found)
        return found

    def markers(self) -> Mapping[str, bytes]:
        return self._project.markers()
