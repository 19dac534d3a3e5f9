"""A document whose conflicts are made when somebody asks for them: a text shows some dozens of tens of thousands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

from msgspec.structs import replace

from toolaudit_reports import codec
from toolaudit_reports.clashes import Clashes, Listed
from toolaudit_reports.findings import single
from toolaudit_reports.lines import Sentence
from toolaudit_reports.parts import Part, of_clashes
from toolaudit_reports.scan_v1 import Finding, ScanDocument


class Draft:
    """`rest` is the document without its conflicts; `alone` are the findings that repeat none of them; `sentences` gives those that name
    lines."""

    def __init__(
        self,
        rest: ScanDocument,
        clashes: Clashes,
        alone: Iterable[Finding],
        sentences: Callable[[], list[Sentence]] = list,
        messages: Mapping[str, str] | None = None,
    ) -> None:
        """`messages`: what a text needs of `Draft.messages`, where that is known without all sentences."""
        self.rest = rest
        self.clashes = clashes
        self.sentences = sentences
        self._alone = tuple(alone)
        self._messages = messages

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """What it says of each conflict and finding, as far as texts tell it."""
        return of_clashes(self.rest, self.clashes, self._alone)

    @cached_property
    def messages(self) -> Mapping[str, str]:
        """The messages of conflicts and findings that name lines, with their marks, by fingerprint; a finding that is a conflict has the
        conflict's."""
        if self._messages is not None:
            return self._messages
        every = self.sentences()
        found = {self.rest.findings[one.at].fingerprint: one.text for one in every if one.where == "findings"}
        return found | {self.clashes.fingerprint(one.at): one.text for one in every if one.where == "conflicts"}

    @cached_property
    def whole(self) -> ScanDocument:
        """The document."""
        return replace(self.rest, conflicts=tuple(map(self.clashes.__getitem__, range(len(self.clashes)))))

    @property
    def is_made(self) -> bool:
        """Whether somebody has asked for the document."""
        return "whole" in self.__dict__

    def pieces(self) -> Iterator[bytes]:
        """Its bytes, as `toolaudit_reports.document.pieces` gives them; no more conflicts are made at once than a piece holds."""
        return codec.pieces(self.rest, self.clashes)


def of_document(document: ScanDocument, sentences: Callable[[], list[Sentence]] = list) -> Draft:
    """The draft of a document that is there."""
    made = Draft(replace(document, conflicts=()), Listed(document.conflicts), single(document), sentences)
    made.__dict__["whole"] = document
    return made
