"""Whether a scan would show what the last one showed: of an edit that no tool, walk, line or comment of the document notices, nothing is judged
or written again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from toolaudit.project.answers import given

if TYPE_CHECKING:
    from toolaudit.facts import Pragma
    from toolaudit.project.local import LocalProject
    from toolaudit.project.memory import Memory


class Looked:
    """A project's lines and comments, and which of them were asked for."""

    def __init__(self, project: LocalProject) -> None:
        self._project = project
        self.lines: dict[str, dict[int, str]] = {}
        self.comments: dict[str, tuple[Pragma, ...]] = {}

    def line(self, path: str, number: int) -> str:
        known = self.lines.setdefault(path, {})
        text = known.get(number)
        if text is None:
            text = known[number] = self._project.line(path, number)
        return text

    def pragmas(self, path: str) -> tuple[Pragma, ...]:
        self.comments[path] = self._project.pragmas(path)
        return self.comments[path]


class _Last(Struct, frozen=True, array_like=True):
    """A document: what it was made of, the code, and of each file the lines that were looked at with what they said."""

    model: bytes
    content: bytes
    lines: dict[str, tuple[tuple[int, ...], bytes]]
    comments: dict[str, bytes]


_last = msgspec.msgpack.Decoder(_Last)


def keep(memory: Memory, project: LocalProject, model: bytes, looked: Looked) -> None:
    """Remember of what the document was made that has just been stored."""
    lines = {path: (tuple(sorted(texts)), _texts(texts)) for path, texts in looked.lines.items()}
    _keep(memory, _Last(model, project.content, lines, {path: given(found) for path, found in looked.comments.items()}))


def _keep(memory: Memory, last: _Last) -> None:
    memory.keep(msgspec.msgpack.encode(last))


def carried(memory: Memory, project: LocalProject, model: bytes, settings: tuple[str, ...]) -> bool:
    """Take over the stored results of `settings` where they would come out the same."""
    kept = memory.recall()
    try:
        last = None if kept is None else _last.decode(kept.data)
    except msgspec.MsgspecError:
        return False
    if kept is None or last is None or last.model != model or not all(_stands(last, project, path) for path in sorted(kept.changed)):
        return False
    for one in settings:
        project.carry(last.content, one)
    _keep(memory, msgspec.structs.replace(last, content=project.content))
    return True


def _stands(last: _Last, project: LocalProject, path: str) -> bool:
    numbers, said = last.lines.get(path, ((), b""))
    if numbers and _texts({number: project.line(path, number) for number in numbers}) != said:
        return False
    return path not in last.comments or given(project.pragmas(path)) == last.comments[path]


def _texts(texts: Mapping[int, str]) -> bytes:
    return given(sorted(texts.items()))
