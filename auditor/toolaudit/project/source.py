"""The door through which later rooms see a code base: indexes and facts, never syntax."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from toolaudit.facts import FunctionFacts, ModuleIndex, Unreadable


class Project(Protocol):
    """A code base as facts. Paths have `/` and are relative to the working folder when all roots are in it, else to the root, or to the
    folder that holds all roots."""

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that is scanned, sorted."""
        ...

    @property
    def candidates(self) -> tuple[str, ...]:
        """Paths of the files that can hold a tool (a framework marker stands in their bytes), sorted."""
        ...

    @property
    def unreadable(self) -> tuple[Unreadable, ...]:
        """What could not be read so far, sorted."""
        ...

    def index(self, path: str) -> ModuleIndex | None:
        """The index of a file, made on first use; None when the file cannot be read."""
        ...

    def place(self, module: str) -> str | None:
        """The file of a module of the project by dotted name, whether it can be read or not; None for foreign modules."""
        ...

    def module(self, name: str) -> ModuleIndex | None:
        """The index of a module of the project by dotted name, packages by their `__init__`; None for foreign modules."""
        ...

    def submodule(self, package: str, name: str) -> ModuleIndex | None:
        """`package.name` when it is a module of the project."""
        ...

    def facts(self, path: str, qualname: str) -> FunctionFacts | None:
        """A function's body; `<module>` for the top-level code. Nested functions come with their outermost function or method,
        looked up by their full qualname. None when there is no such function or it cannot be read."""
        ...

    def prefetch(self, functions: Iterable[tuple[str, str]], closely: bool = False) -> None:
        """Extract many functions at once, in worker processes when they are many; `closely` with libcst beside `ast`."""
        ...

    def line(self, path: str, number: int) -> str:
        """The text of a line, without its end; empty when there is none."""
        ...

    def lines(self, path: str) -> Sequence[str]:
        """Every line of a file, without ends; none when it cannot be read."""
        ...

    def mentioning(self, text: str, everywhere: bool = False) -> tuple[str, ...]:
        """The candidates that hold a text, sorted; `everywhere`: of all files."""
        ...

    def markers(self) -> Mapping[str, bytes]:
        """Framework name to the bytes pattern that picked the candidates."""
        ...
