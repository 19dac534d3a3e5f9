"""Whether a scan would show what the last one showed. Of an edit that no tool, walk, line or comment of the document notices, nothing is
judged or written again; after one that moves lines the document is told again at the lines where they are now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from toolaudit.project.answers import given
from toolaudit.sources import around
from toolaudit_reports.labels import labels
from toolaudit_reports.lines import Sentence, moved
from toolaudit_reports.sanitise import one_line

if TYPE_CHECKING:
    from toolaudit.effects.units import Packed
    from toolaudit.facts import Pragma
    from toolaudit.project.local import LocalProject
    from toolaudit.project.memory import Kept, Memory
    from toolaudit_reports.draft import Draft
    from toolaudit_reports.lines import Change, Sentences


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


class Basis:
    """What a document is made of besides lines and comments: what was found before the walks, as bytes; the walks by file, as long as they
    are held, and what those were before that have been made anew."""

    def __init__(self, head: bytes, walks: Mapping[str, Packed], before: Mapping[str, Packed]) -> None:
        self.head = head
        self.walks = walks
        self.before = before
        self.made = Made(given(head), {path: given(packed) for path, packed in walks.items()})


class Moved(NamedTuple):
    """Where the lines went; and whether a tool is called by another line in output."""

    change: Change
    relabelled: bool


class Made(Struct, frozen=True, array_like=True):
    """A basis in digests."""

    head: bytes
    walks: dict[str, bytes]


class _Last(Struct, frozen=True, array_like=True):
    """A document: what it was made of, the code, and of each file the lines that it shows with what they said, and those around which it
    shows the source."""

    made: Made
    content: bytes
    lines: dict[str, tuple[tuple[int, ...], bytes]]
    sources: dict[str, tuple[tuple[int, ...], bytes]]
    comments: dict[str, bytes]
    itself: bool
    """Whether the document is kept: nobody asked for it where only texts of it were shown."""


class _Told(Struct, frozen=True, array_like=True):
    """What it takes to tell a document again; `made`: which, as a digest."""

    made: bytes
    head: bytes
    sentences: list[Sentence]


_last = msgspec.msgpack.Decoder(_Last)
_told = msgspec.msgpack.Decoder(_Told)
_NOTHING: tuple[tuple[int, ...], bytes] = (), b""


class Last:
    """The last document of a project, as far as it is remembered; `settings` are those under which it is stored."""

    def __init__(self, project: LocalProject, settings: str) -> None:
        self._project = project
        self._settings = settings

    @property
    def _memory(self) -> Memory:
        return self._project.memory(f"document of {self._settings}")

    @property
    def _telling(self) -> Kept:
        return self._project.kept(f"sentences of {self._settings}")

    def keep(self, basis: Basis, looked: Looked, said: Sentences, draft: Draft, itself: bool) -> None:
        """Remember of what the document was made; `itself`: it has just been stored."""
        lines = {path: (tuple(sorted(texts)), given([texts[n] for n in sorted(texts)])) for path, texts in looked.lines.items()}
        sources = {path: (tuple(sorted(places)), given(draft.rest.sources[path])) for path, places in said.places.items()}
        comments = {path: given(found) for path, found in looked.comments.items()}
        self._keep(_Last(basis.made, self._project.content, lines, sources, comments, itself))
        self._tell(basis, draft.sentences() if itself else said.marked)

    @property
    def content(self) -> bytes:
        """Of which code it is; empty where nothing is remembered."""
        known = self._recalled()
        return b"" if known is None else known[0].content

    def sentences(self) -> list[Sentence]:
        """Those of the document of this code that name lines, as far as they are kept."""
        known = self._recalled()
        told = self._tellable(known[0]) if known is not None and known[0].content == self._project.content else None
        return [] if told is None else told.sentences

    def _keep(self, last: _Last) -> None:
        self._memory.keep(msgspec.msgpack.encode(last))

    def _tell(self, basis: Basis, sentences: list[Sentence]) -> None:
        self._telling.keep([msgspec.msgpack.encode(_Told(given(basis.made), basis.head, sentences))])

    def _recalled(self) -> tuple[_Last, frozenset[str]] | None:
        """With the files that have changed since."""
        kept = self._memory.recall()
        try:
            return None if kept is None else (_last.decode(kept.data), kept.changed)
        except msgspec.MsgspecError:
            return None

    def carried(self, basis: Basis, settings: tuple[str, ...]) -> bool:
        """Take over the stored results of `settings` where they would come out the same."""
        known = self._recalled()
        if known is None or known[0].made != basis.made:
            return False
        last, changed = known
        if not all(self._stands(last, path) for path in sorted(changed)):
            return False
        for one in settings:
            self._project.carry(last.content, one)
        self._keep(replace(last, content=self._project.content))
        return True

    def _stands(self, last: _Last, path: str) -> bool:
        numbers, said = last.lines.get(path, _NOTHING)
        if numbers and self._texts(path, numbers) != said:
            return False
        places, shown = last.sources.get(path, _NOTHING)
        if places and given(around(path, places, self._project.line)) != shown:
            return False
        return path not in last.comments or given(self._project.pragmas(path)) == last.comments[path]

    def _texts(self, path: str, numbers: tuple[int, ...]) -> bytes:
        return given([self._project.line(path, number) for number in numbers])

    def _tellable(self, last: _Last) -> _Told | None:
        data = self._telling.recall()
        try:
            told = None if data is None else _told.decode(data)
        except msgspec.MsgspecError:
            return None
        return told if told is not None and told.made == given(last.made) and given(told.head) == last.made.head else None

    def moved(self, basis: Basis) -> Moved | None:
        """Tell the stored document again where nothing but lines has moved. None where more has changed."""
        known = self._recalled()
        told = None if known is None else self._tellable(known[0])
        if known is None or told is None or not _comparable(known[0].made, basis) or not all(map(_plain, known[1])):
            return None
        last, changed = known
        found = _compared(told, basis, changed)
        if found is None or not all(self._shows(last, path, found.change[path]) for path in sorted(changed)):
            return None
        try:
            return found if self._amend(last, told, basis, found.change) else None
        except KeyError:  # a line is shown of which nothing was found
            return None

    def _shows(self, last: _Last, path: str, there: Mapping[int, int]) -> bool:
        """Whether the lines that are shown of a file say the same where they are now. Comments of ours speak of the lines around them."""
        numbers, said = last.lines.get(path, _NOTHING)
        if last.comments.get(path, given(())) != given(()) or self._project.pragmas(path):
            return False
        return there.keys() >= {*numbers} and (not numbers or self._texts(path, tuple(there[n] for n in numbers)) == said)

    def _amend(self, last: _Last, told: _Told, basis: Basis, change: Change) -> bool:
        from toolaudit_reports.moves import Moves

        places = {path: tuple(there[n] for n in last.sources[path][0]) for path, there in change.items() if path in last.sources}
        sources = {path: around(path, numbers, self._project.line) for path, numbers in places.items()}
        moves = Moves(change, told.sentences, sources)
        self._project.carry(last.content, self._settings, moves.pieces)
        if last.itself and self._project.pieces(self._settings) is None:
            return False
        lines = {
            path: (tuple(there[n] for n in last.lines[path][0]), last.lines[path][1])
            for path, there in change.items()
            if path in last.lines
        }
        shown = {path: (numbers, given(sources[path])) for path, numbers in places.items()}
        self._keep(_Last(basis.made, self._project.content, last.lines | lines, last.sources | shown, last.comments, last.itself))
        self._tell(basis, [replace(one, text=moved(one.text, change)) for one in told.sentences])
        return True


def _comparable(before: Made, basis: Basis) -> bool:
    """Whether all that was walked is as it was, but for what was walked anew and is still known as it was."""
    now = basis.made.walks
    return before.walks.keys() == now.keys() and all(
        given(basis.before[path]) == digest if path in basis.before else now[path] == digest for path, digest in before.walks.items()
    )


def _compared(told: _Told, basis: Basis, changed: frozenset[str]) -> Moved | None:
    from toolaudit import moved

    try:
        heads = msgspec.msgpack.decode(told.head, type=moved.Head), msgspec.msgpack.decode(basis.head, type=moved.Head)
    except msgspec.MsgspecError:
        return None
    change = moved.lines(changed, heads, [(old, basis.walks[path]) for path, old in basis.before.items()])
    return None if change is None else Moved(change, labels(heads[0].tools) != labels(heads[1].tools))


def _plain(path: str) -> bool:
    """Whether documents and texts hold a name as it is."""
    try:
        return path.encode() == one_line(path).encode()
    except UnicodeEncodeError:
        return False
