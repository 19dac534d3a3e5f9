"""The scan document, version 1: frozen values with the field names that other programs read.

A field without a default is always written. A field with a default is an addition: it is left out while it holds its
default, and a reader may do without it. Names are never changed; a later version only adds. Files are relative to the
scan's roots, with forward slashes; lines and columns count from 1. Every list is sorted by whoever writes the
document, so equal input gives equal bytes.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

SCHEMA = 1

ToolClass = Literal["pure", "read-only", "write-only", "read-modify-write", "unknown"]
Access = Literal["r", "w", "rmw"]
Severity = Literal["error", "warning", "note"]
Confidence = Literal["high", "medium", "low"]
Failure = Literal["shared-state mutation", "context dependency", "timing dependency"]
ConflictKind = Literal["race", "order"]

Line = Annotated[int, msgspec.Meta(ge=0, description="1-based line; 0 when the whole file is meant")]


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every part of a document shares: immutable, built by keyword, defaults left out when written."""


class Parameter(Record, frozen=True):
    """One parameter of a tool, as its signature or schema declares it."""

    name: str
    annotation: str | None
    required: bool


class Answer(Record, frozen=True):
    """The answer to one of the three questions (atomic, idempotent, independent); `value` null: not decidable."""

    value: bool | None
    reason: str
    line: int | None = None
    file: str | None = None


class Step(Record, frozen=True):
    """One line of a chain of evidence.

    `column` and `end_column` (exclusive) mark the expression; absent, the whole line is meant.
    """

    file: str
    line: Line
    code: str
    note: str = ""
    access: Access | None = None
    function: str = ""
    column: int | None = None
    end_column: int | None = None


class Resource(Record, frozen=True):
    """What two calls can share: a kind (`file`, `memory`, `sql`, …) and a key (constant, template or `param:name`).

    `scope` separates equal keys of different owners: a module, a class, a database.
    """

    kind: str
    key: str
    scope: str = ""


class ResourceUse(Record, frozen=True):
    """How a tool touches one resource.

    `chain` leads from the tool to the statement; `secondary` effects (a log line, a filled cache) are not counted.

    `windows` names what lies between the read and the write, per access: `sync`, `await`, `io`.
    """

    kind: str
    key: str
    access: Access
    secondary: bool
    atomic: bool
    locks: tuple[str, ...]
    chain: tuple[Step, ...]
    windows: tuple[str, ...] = ()
    note: str = ""
    scope: str = ""


class UnknownCall(Record, frozen=True):
    """A call that could not be resolved, why, and what it could do."""

    callee: str
    file: str
    line: Line
    reason: str = ""
    effect: str = ""


class Tool(Record, frozen=True, rename={"class_": "class", "async_": "async"}):
    """A tool of the catalogue: where it is, how it runs, what it touches and what is said of it.

    `kinds` lists every way in which the tool reads and writes (`lost-update`, `cursor`, `counter`, …), `rmw_kind` the
    leading one. Several tools on one function: `when` holds the parameters that tell them apart, `arguments_in` the
    parameter that takes the model's arguments as a dict. `generated`: a factory or adapter, which stands for any number of
    tools whose names are made at run time; `name` is then that of its code.
    """

    id: str
    name: str
    file: str
    line: Line
    function: str
    framework: str
    declared_by: str
    async_: bool
    runs: str
    parameters: tuple[Parameter, ...]
    class_: ToolClass
    confidence: Confidence
    opaque: bool
    atomic: Answer
    idempotent: Answer
    independent: Answer
    declared: dict[str, bool | int | str | None]
    resources: tuple[ResourceUse, ...]
    unknown_calls: tuple[UnknownCall, ...]
    kinds: tuple[str, ...] = ()
    rmw_kind: str = ""
    reason: str = ""
    description: str = ""
    code: str = ""
    calls_total: int = 0
    calls_resolved: int = 0
    when: dict[str, str] = msgspec.field(default_factory=dict)
    arguments_in: str = ""
    generated: bool = False


class Suppression(Record, frozen=True):
    """Why a finding does not count.

    `origin`: `comment`, `config` or `baseline`; `added`: new against the compared revision.
    """

    origin: Literal["comment", "config", "baseline"]
    reason: str = ""
    file: str = ""
    line: Line = 0
    codes: tuple[str, ...] = ()
    added: bool = False
    used: bool = True


class Conflict(Record, frozen=True):
    """Two tools that must not run in parallel on one resource; the same id twice: the tool against itself.

    `evidence` holds one chain for each of the two calls. `new` is false when a comparison (`--since`) knew it
    already. `help` says what to do. `subject` names the resource in words (the file that `param:path` stands for, the
    table).
    """

    tools: tuple[str, str]
    kind: ConflictKind
    code: str
    resource: Resource
    when: str
    failure: Failure
    runners: tuple[str, ...]
    latent: bool
    severity: Severity
    confidence: Confidence
    message: str
    evidence: tuple[tuple[Step, ...], ...]
    help: str = ""
    fingerprint: str = ""
    tools_names: tuple[str, ...] = ()
    suppressed: bool = False
    suppression: Suppression | None = None
    new: bool = True


class Ordering(Record, frozen=True):
    """`after` needs what only `before` creates: in one batch their order decides."""

    before: str
    after: str
    failure: Failure
    resource: Resource
    message: str
    code: str = ""
    evidence: tuple[tuple[Step, ...], ...] = ()
    severity: Severity = "warning"
    confidence: Confidence = "medium"
    fingerprint: str = ""


class Finding(Record, frozen=True):
    """What is wrong beyond a pair of calls.

    A finding that has a conflict's fingerprint is that conflict and counts once.
    """

    code: str
    severity: Severity
    confidence: Confidence
    tools: tuple[str, ...]
    file: str
    line: Line
    message: str
    help: str
    fingerprint: str
    suppressed: bool
    name: str = ""
    evidence: tuple[tuple[Step, ...], ...] = ()
    column: int | None = None
    end_column: int | None = None
    end_line: int | None = None
    suppression: Suppression | None = None
    fixable: bool = False
    new: bool = True
    resource: Resource | None = None


class Rule(Record, frozen=True):
    """What a renderer says of a code: the stable name, a line, the Markdown help and the severity it has by default."""

    code: str
    name: str
    short: str
    help_markdown: str
    severity: Severity
    help_uri: str = ""


class Note(Record, frozen=True):
    """A remark on the scan as a whole.

    `dispatch`: how a framework's version runs the calls of one turn; `version`: the version that was seen; `assumed`: what no
    file says and the verdicts rest on all the same (a version that nothing pins, a runner that is not in the code).
    """

    kind: str
    message: str
    framework: str = ""
    file: str = ""
    line: Line = 0
    source: str = ""


class MigrationRow(Record, frozen=True):
    """What changes when a framework is upgraded from `old` to `new`.

    One tool: `before` and `after` say how several calls of one turn run it. Two: what becomes of the pair (`safe`, `latent`: a clash that
    cannot bite, `live`), with the `code` and the `resource` of the clash.
    """

    framework: str
    old: str
    new: str
    tools: tuple[str, ...]
    before: str
    after: str
    code: str = ""
    resource: Resource | None = None
    message: str = ""


class Upgrade(Record, frozen=True):
    """An upgrade that the scan was asked about. What it changes stands in `migration`: nothing, when no row names it.

    `remark` says what is not known of a version, or of all of them.
    """

    framework: str
    old: str
    new: str
    remark: str = ""


class Files(Record, frozen=True):
    """How many files were read, left out, and answered from the cache."""

    scanned: int
    skipped: int
    cached: int


class Summary(Record, frozen=True):
    """Counts for a glance; suppressed findings are in `suppressed` and in no other number."""

    tools: int
    conflicts: int
    orderings: int
    errors: int
    warnings: int
    notes: int
    suppressed: int
    classes: dict[str, int] = msgspec.field(default_factory=dict)


class Baseline(Record, frozen=True):
    """The accepted findings that the scan was compared with; `expired` fingerprints are no longer found."""

    file: str
    entries: int
    expired: tuple[str, ...] = ()


class ScanDocument(Record, frozen=True):
    """One scan.

    `sources` holds lines around the evidence (file → line → text), so that any page renders from the document
    alone.
    """

    schema: int
    version: str
    roots: tuple[str, ...]
    runner: str
    files: Files
    tools: tuple[Tool, ...]
    conflicts: tuple[Conflict, ...]
    orderings: tuple[Ordering, ...]
    findings: tuple[Finding, ...]
    rules: tuple[Rule, ...] = ()
    notes: tuple[Note, ...] = ()
    migration: tuple[MigrationRow, ...] = ()
    upgrades: tuple[Upgrade, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    baseline: Baseline | None = None
    summary: Summary | None = None
    sources: dict[str, dict[int, str]] = msgspec.field(default_factory=dict)
    since: str = ""
