"""What the rules and the export look at: one finished scan as one frozen value."""

from __future__ import annotations

from msgspec import Struct

from toolaudit.facts import Pragma, Unreadable
from toolaudit.model import Footprint, Ordering, Place, Runner, Tool, Verdict
from toolaudit.verdicts.columns import Conflicts, Story
from toolaudit.verdicts.dispatching import DispatchSite


class Loose(Struct, frozen=True, order=True):
    """A tool that is only half there: declared to the model but handled nowhere, or handled but declared nowhere."""

    name: str
    place: Place
    kind: str
    """`undispatched` or `undeclared`."""


class Dropped(Struct, frozen=True, order=True):
    """A hint whose spelling the framework drops without a word, and what to write instead."""

    tool: str
    place: Place
    message: str


class FileCounts(Struct, frozen=True):
    """How many files were read, left out, and answered from the cache."""

    scanned: int = 0
    skipped: int = 0
    cached: int = 0


class ScanNote(Struct, frozen=True):
    """A remark on the scan as a whole; fields as in the document's `Note`."""

    kind: str
    message: str
    framework: str = ""
    file: str = ""
    line: int = 0
    source: str = ""


class ScanModel(Struct, frozen=True):
    """One scan. Tools, footprints and verdicts are in one order; `pragmas` holds the comments of each file that has any."""

    tools: tuple[Tool, ...] = ()
    footprints: tuple[Footprint, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    conflicts: Conflicts = Conflicts()
    orderings: tuple[Ordering, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    loose: tuple[Loose, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    pragmas: dict[str, tuple[Pragma, ...]] = {}
    hints: dict[str, tuple[str, ...]] = {}
    """Framework → the hints and flags that an author can write there."""
    roots: tuple[str, ...] = ()
    runner: Runner = "unknown"
    files: FileCounts = FileCounts()
    notes: tuple[ScanNote, ...] = ()
    runners: tuple[DispatchSite, ...] = ()
    stories: dict[str, list[Story]] | None = None
    """Code → the conflicts, those of one story together, once somebody has sorted them."""

    def tool(self, identity: str) -> Tool:
        """The tool of this id; KeyError when there is none."""
        return {t.id: t for t in self.tools}[identity]

    def by_tool(self) -> dict[str, tuple[Tool, Footprint, Verdict]]:
        """Tool id → tool, footprint, verdict."""
        return {t.id: (t, f, v) for t, f, v in zip(self.tools, self.footprints, self.verdicts, strict=True)}
