"""Suppressions: `# toolaudit: ignore[lost-update] reason` on the line of a tool or of an access, and those that suppress nothing.

Both names and codes are accepted; a reason is asked for, not required. A comment stands at the end of its line or alone above it, above its decorators too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from msgspec import Struct

from toolaudit.chains import Lines, no_lines
from toolaudit.errors import ConfigurationError
from toolaudit.model import Access, Finding, Place
from toolaudit.rules.registry import UnknownRuleError, find
from toolaudit.verdicts.columns import Conflicts
from toolaudit.verdicts.scan_model import ScanModel

COMMENT = re.compile(r"ignore\s*(?:\[(?P<codes>[^\]]*)\])?\s*(?P<reason>.*)", re.DOTALL)
FILE_WIDE = re.compile(r"ignore-file\s*(?:\[(?P<codes>[^\]]*)\])?\s*(?P<reason>.*)", re.DOTALL)


class Suppression(Struct, frozen=True, order=True):
    """One comment (or one line of configuration) that accepts findings. Empty `codes` accept every rule; `line` 0 means the whole file."""

    file: str
    line: int
    codes: tuple[str, ...]
    reason: str
    origin: str = "comment"
    unknown: tuple[str, ...] = ()
    """Names in the brackets that are no rule."""


class Suppressed(Struct, frozen=True):
    """What is accepted: by index, which suppression accepts a finding or a conflict; and the suppressions that accept nothing."""

    findings: dict[int, Suppression]
    conflicts: dict[int, Suppression]
    unused: tuple[Suppression, ...]


def suppressions(scan: ScanModel) -> tuple[Suppression, ...]:
    """Every suppressing comment of the scanned files, sorted by place."""
    found: list[Suppression] = []
    for file, pragmas in scan.pragmas.items():
        for pragma in pragmas:
            whole = FILE_WIDE.fullmatch(pragma.text)
            match = whole or COMMENT.fullmatch(pragma.text)
            if match:
                codes, unknown = _codes(match["codes"])
                found.append(Suppression(file, 0 if whole else pragma.line, codes, match["reason"].strip(" -:"), "comment", unknown))
    return tuple(sorted(found))


def configured(ignore: Mapping[str, Iterable[str]]) -> tuple[Suppression, ...]:
    """Suppressions of the configuration: a glob over files → names or codes of the rules to ignore there.

    Raises ConfigurationError for a code or name that does not exist.
    """
    try:
        known = {glob: tuple(dict.fromkeys(find(code).code for code in codes)) for glob, codes in sorted(ignore.items())}
    except UnknownRuleError as error:
        raise ConfigurationError(f"per-file-ignores: {error}") from None
    return tuple(Suppression(glob, 0, codes, "", "config") for glob, codes in known.items())


def _codes(text: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    known: list[str] = []
    unknown: list[str] = []
    for word in (w.strip() for w in (text or "").split(",")):
        if word:
            try:
                known.append(find(word).code)
            except UnknownRuleError:
                unknown.append(word)
    return tuple(dict.fromkeys(known)), tuple(dict.fromkeys(unknown))


def suppress(scan: ScanModel, findings: tuple[Finding, ...], extra: tuple[Suppression, ...] = (), lines: Lines = no_lines) -> Suppressed:
    """Match suppressions with findings and conflicts. A folded finding is accepted when its own line is, or all its conflicts are.

    `lines` gives the text of a line: a comment that stands alone, or behind a decorator, speaks for what is below it.
    """
    every = suppressions(scan) + extra
    index = _Index(every, lines)
    homes = {tool.id: Place(tool.file, tool.line, tool.function) for tool in scan.tools}
    conflicts: dict[int, Suppression] = {}
    for i in range(len(scan.conflicts)) if every else ():
        found = index.match(scan.conflicts.said(i).code, _conflict_places(scan.conflicts, i, homes))
        if found is not None:
            conflicts[i] = found
    accepted: dict[int, Suppression] = {}
    for i, finding in enumerate(findings):
        found = index.match(finding.code, _finding_places(finding, homes)) or _all_conflicts(scan, finding, conflicts)
        if found is not None:
            accepted[i] = found
    return Suppressed(accepted, conflicts, tuple(s for s in every if s not in index.used))


class _Index:
    """Suppressions by place, and which of them were used."""

    def __init__(self, every: tuple[Suppression, ...], lines: Lines) -> None:
        self.lines = lines
        self.by_place: dict[tuple[str, int], list[Suppression]] = {}
        self.globs = [s for s in every if s.origin == "config"]
        self.used: set[Suppression] = set()
        self.files = {s.file for s in every if s.line}
        for s in every:
            self.by_place.setdefault((s.file, s.line), []).append(s)

    def match(self, code: str, places: Iterable[Place]) -> Suppression | None:
        """The first suppression of this code at one of the places: on the line, alone above it, or for the whole file."""
        if not self.by_place:
            return None
        for place in places:
            for suppression in self._near(place):
                if code in suppression.codes or not (suppression.codes or suppression.unknown):
                    self.used.add(suppression)
                    return suppression
        return None

    def _near(self, place: Place) -> Iterator[Suppression]:
        yield from self.by_place.get((place.file, place.line), ())
        if place.file in self.files:
            for above in _above(place, self.lines):
                yield from self.by_place.get((place.file, above), ())
        yield from self.by_place.get((place.file, 0), ())
        yield from (s for s in self.globs if _covers(s.file, place.file))


def _above(place: Place, lines: Lines) -> Iterator[int]:
    """The lines right above a place that hold nothing but comments and decorators, nearest first; a decorator may take several lines."""
    own = _indent(lines(place.file, place.line))
    inside = False
    for number in range(place.line - 1, 0, -1):
        text = lines(place.file, number)
        word = text.lstrip()[:1]
        if word in ("#", "@") and not inside:
            yield number
        elif word and (_indent(text) > own or word in ")]}"):
            inside = True  # the rest of what the next line further up with this indentation begins
        elif word == "@" and _indent(text) == own:
            inside = False
            yield number
        else:
            return


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _covers(glob: str, file: str) -> bool:
    """A glob speaks of paths; one without a slash of file names too."""
    return fnmatchcase(file, glob) or ("/" not in glob and fnmatchcase(file.rpartition("/")[2], glob))


def _conflict_places(conflicts: Conflicts, number: int, homes: dict[str, Place]) -> Iterator[Place]:
    one, other = conflicts.evidence(number)
    for access in (*one, *other):
        yield from access.chain
    yield from (homes[tool] for tool in conflicts.tools(number) if tool in homes)


def _finding_places(finding: Finding, homes: dict[str, Place]) -> Iterator[Place]:
    yield finding.place
    single: tuple[Access, ...] = finding.evidence[0] if len(finding.tools) == 1 and finding.evidence else ()
    for access in single:
        yield from access.chain
    if len(finding.tools) == 1 and finding.tools[0] in homes:
        yield homes[finding.tools[0]]


def _all_conflicts(scan: ScanModel, finding: Finding, accepted: dict[int, Suppression]) -> Suppression | None:
    if not accepted:
        return None
    tools = set(finding.tools)
    some = scan.conflicts.chosen(lambda said: said.code == finding.code) if len(tools) > 1 else ()
    mine = [i for i in some if tools.issuperset(scan.conflicts.tools(i))]
    return accepted[mine[0]] if mine and all(i in accepted for i in mine) else None
