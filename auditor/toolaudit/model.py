"""The frozen values that flow between the rooms: tools, footprints, verdicts, conflicts, findings. No logic.

Facts (what a file says) are in `facts.py`. The order of the flow is in `pipeline.py`. What leaves is made by `export.py`.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from toolaudit.facts import Expr

Kind = Literal[
    "memory",
    "file",
    "dir",
    "env",
    "cwd",
    "sql",
    "redis",
    "http",
    "aws",
    "git",
    "subprocess",
    "browser",
    "docker",
    "k8s",
    "session",
    "other",
]
Runner = Literal["serial", "event-loop", "threads", "processes", "unknown"]
Severity = Literal["error", "warning", "note"]
Confidence = Literal["high", "medium", "low"]
ToolClass = Literal["pure", "read-only", "write-only", "read-modify-write", "unknown"]
Failure = Literal["shared-state mutation", "context dependency", "timing dependency"]


class Place(Struct, frozen=True, order=True, cache_hash=True):
    """A line of a file, and the function it stands in."""

    file: str
    line: int
    function: str = ""


# --- tools -----------------------------------------------------------------------------------------------------------


class ToolParameter(Struct, frozen=True):
    name: str
    annotation: str = ""
    required: bool = True
    injected: str = ""
    """Empty for what the model supplies; otherwise what the framework injects, as in the framework's file (`deps`, `state`, `context`)."""
    injected_type: str = ""
    """Fully-qualified type of the injected object, when known."""
    place: str = ""
    """Where what is injected lives, as the framework's file and the catalogue name it; empty for a place of its own."""


class Fact(Struct, frozen=True, order=True, cache_hash=True):
    """`parameter == value` holds (one tool of a dispatcher, one action of a tool). `parameter` may be dotted: `params.name`."""

    parameter: str
    value: str


class Given(Struct, frozen=True):
    """A variable that a tool's function closes over, or a parameter that is not the model's, with what it held when the tool was made."""

    function: str
    """The function whose variable it is, `file::qualname`."""
    name: str
    """With an attribute of the receiver after a dot: `self.service`."""
    value: Expr | None = None
    """Constants, displays of them, and calls that make a client."""
    code: str = ""
    """Of a function or class of the project: `file::qualname`."""
    around: tuple[Given, ...] = ()
    """What that function closes over in turn."""


class Dispatcher(Struct, frozen=True):
    """A function that is called first, with the tool's name, and hands on to the tool's own function."""

    function: str
    """`file::qualname`."""
    when: tuple[Fact, ...]
    """What it is called with: the tool's name, in its own parameter."""
    arguments_in: str
    """Its parameter that holds the model's arguments."""
    owner: str = ""
    beside: tuple[str, ...] = ()
    """The other functions that it hands on to, `file::qualname` each."""


class Tool(Struct, frozen=True):
    """One tool as discovered. `id` is file `::` function, plus `#name` where several tools share the function."""

    id: str
    name: str
    file: str
    line: int
    function: str
    """Qualified as `__qualname__` without `<locals>`."""
    framework: str
    declared_by: str
    """decorator, decorator-method, base-class, factory, registration, callable, convention, schema, dispatch."""
    is_async: bool
    parameters: tuple[ToolParameter, ...] = ()
    owner: str = ""
    """Qualname of the class whose instance is the receiver (`self`), empty for plain functions."""
    receiver: Literal["none", "shared", "per-call"] = "none"
    """Whether one receiver object serves all calls."""
    when: tuple[Fact, ...] = ()
    declared: dict[str, bool | str | int | None] = {}
    """Hints and flags as written by the author: `readOnlyHint`, `sequential`, …"""
    declared_lines: dict[str, int] = {}
    description: str = ""
    runs: Runner = "unknown"
    """How several calls of one turn run, for this tool."""
    entry: str = ""
    """`file::qualname` of the function to analyse, where it is not `function` itself."""
    arguments_in: str = ""
    """The entry's parameter that holds the model's arguments as a dict (a dispatcher's `arguments`); empty: bound one by one."""
    dispatcher: Dispatcher | None = None
    """What runs before and after the tool's own function, for every call of it."""
    given: tuple[Given, ...] = ()
    """What its function was made with, where one function serves several tools."""
    generated: bool = False
    """A factory or adapter: it stands for any number of tools, whose names are made at run time; `name` is that of its code."""


# --- footprints ------------------------------------------------------------------------------------------------------


class KeyPart(Struct, frozen=True, order=True, cache_hash=True):
    """One part of a key. Parts concatenate: `{base}/{name}.json` is param, literal, param, literal.

    kind       text
    literal    the text itself
    param      a parameter of the tool, with the path into it after a dot: `path`, `note.id`
    self       an attribute of the shared receiver: `items`
    global     a module-level name, `scope` of the resource says whose
    cell       a variable of an enclosing function
    state      a field of injected framework state: `todos`
    env        an environment variable's value
    cwd        the working folder
    fresh      new in every call (uuid, temporary name); `text` says what makes it
    any        everything below or of this kind (`*`)
    unknown    `text` says why
    """

    kind: Literal["literal", "param", "self", "global", "cell", "state", "env", "cwd", "fresh", "any", "unknown"]
    text: str = ""


BEYOND = "more than are kept apart"
"""Why a key is unknown that stands for everything of its kind past the limits of a walk."""


RENEWED = "renewed in the background"
"""The note on a read of memory that no tool writes, but something that runs beside them."""
ON_THE_WAY = "done on the way by tools that only ask, too"
"""The note on a write that is bookkeeping because of who does it."""


class Resource(Struct, frozen=True, order=True, cache_hash=True, tag=True):
    """A kind and a key. `scope` separates equal keys of different owners (module, class, database, client)."""

    kind: Kind
    key: tuple[KeyPart, ...]
    scope: str = ""


Column = tuple[str, tuple[KeyPart, ...]]
"""A column of a table and the value that picks rows by it, as parts of a key."""


class Lock(Struct, frozen=True, order=True, cache_hash=True):
    """A lock held during an access: what it is, keyed like a resource when it is one of a map of locks by key."""

    name: str
    covers: Literal["threads", "event-loop", "processes"]
    """The widest runner it protects under: asyncio locks `event-loop`, threading locks `threads`, file and database locks `processes`."""
    key: tuple[KeyPart, ...] = ()
    since: tuple[int, ...] = ()
    """The lines that lead to where its call took it: what it held over is one section only where these are equal. Empty among calls."""


Operation = Literal[
    "read",
    "check",
    "list",
    "consume",
    "write",
    "append",
    "create",
    "ensure",
    "update",
    "increment",
    "delete",
    "rename",
    "send",
    "session",
    "opaque",
]


class Access(Struct, frozen=True):
    """One read or write of a resource by a tool.

    operation  check: exists/absent; consume: a read that removes or advances; write: replaces the whole; append: commutes up to order;
               create: exclusive, fails if present; ensure: creates if absent, harmless twice; update: changes part of it in place;
               increment: derived in one command; send: goes out and is not kept here; session: state of a handle or connection
    atomic     the one operation does its reading and writing without a window
    repeat     what a second equal call does: same state, again (accumulates), error (state same), unknown
    window     for a write: what lay between the read it depends on and itself; empty when it depends on none
    chain      places from the tool's function down to the statement
    """

    resource: Resource
    mode: Literal["r", "w", "rw"]
    operation: Operation
    chain: tuple[Place, ...]
    order: int = 0
    """Position in the tool's execution, ascending."""
    atomic: bool = False
    repeat: Literal["same", "again", "error", "unknown"] = "unknown"
    locks: tuple[Lock, ...] = ()
    taken: tuple[tuple[int, ...], ...] = ()
    """Of each of its locks, where the call took it: a lock that was let go and taken anew holds over neither gap nor both ends."""
    when: tuple[Fact, ...] = ()
    confidence: Literal["proven", "typed", "catalogued", "name-only", "unknown"] = "proven"
    secondary: str = ""
    """Why it does not count for the class: telemetry, memo, lazy-init, unique-temporary, ensure-folder, kind-check, probe, lock-file; empty when it counts."""
    transaction: str = ""
    """Accesses with the same non-empty value happen as one transaction."""
    looped: bool = False
    """It happens in a loop: many times, or until something holds."""
    part: str = ""
    """Which of the resource's parts it touches, several joined by `+` (a repository's `index`, `refs`, `tree`); empty: any."""
    note: str = ""
    rows: tuple[Column, ...] = ()
    """The rows of an SQL table that it is about, by their columns; of an append those of the new row. Empty: any row."""
    arms: tuple[tuple[str, int], ...] = ()
    """The branches that it happens in, from the outside in: which condition, which of its ways."""


class Update(Struct, frozen=True):
    """A read and the write that depends on it, as indices into the footprint's accesses."""

    read: int
    write: int
    link: Literal["data", "control"]
    window: Literal["none", "sync", "await", "io"]
    """What lies between the two: nothing, synchronous code, a suspending await, blocking I/O."""
    accumulates: bool = False
    """What is written holds more of what was read, or other text in place of some: an equal call would change it again. Setting an entry by
    its key does not."""
    refused: bool = False
    """The write is made only where the read found nothing: an equal call stops at the check."""


Consequence = Literal["ignored", "unclear", "may-write", "unknown"]
"""What a call that could not be followed may do: nothing that counts, by its name; anything, though its name does not say that it changes
something; a change, by its name; anything."""


class UnknownCall(Struct, frozen=True):
    callee: str
    reason: str
    """untyped-parameter, dynamic-getattr, not-in-catalogue, exec, unresolved-import, recursion, unreadable."""
    consequence: Consequence
    place: Place
    chain: tuple[Place, ...] = ()


class Footprint(Struct, frozen=True):
    """All accesses of one tool, in execution order, with the dependences between them."""

    tool: str
    accesses: tuple[Access, ...] = ()
    updates: tuple[Update, ...] = ()
    unknown_calls: tuple[UnknownCall, ...] = ()
    suspends: bool = False
    """A coroutine with at least one await that can suspend."""
    blocking: tuple[Place, ...] = ()
    """Blocking calls made directly on the event loop."""
    opaque: str = ""
    """Free shell, code or SQL: what kind; empty when none."""
    calls_total: int = 0
    calls_resolved: int = 0


# --- verdicts --------------------------------------------------------------------------------------------------------


class Answer(Struct, frozen=True):
    """Atomic, idempotent or independent: yes, no or unknown (`None`), why, and the line that decides it."""

    value: bool | None
    reason: str
    place: Place | None = None


class Verdict(Struct, frozen=True):
    tool: str
    tool_class: ToolClass
    confidence: Confidence
    reason: str
    atomic: Answer
    idempotent: Answer
    independent: Answer
    opaque: bool = False
    shape: str = ""
    """For read-modify-write: in-place, check-then-act, get-or-create, transfer, write-then-read, cursor, opaque."""


class Conflict(Struct, frozen=True):
    """Two accesses of one resource, at least one a write, not ordered by a common lock."""

    tools: tuple[str, str]
    kind: Literal["race", "order"]
    code: str
    resource: Resource
    when: str
    """`always`, `may`, or a condition such as `a.path == b.path`."""
    failure: Failure
    runners: tuple[Runner, ...]
    latent: bool
    severity: Severity
    confidence: Confidence
    message: str
    evidence: tuple[tuple[Access, ...], tuple[Access, ...]]
    """The accesses of the first and of the second tool that prove it."""


class Ordering(Struct, frozen=True):
    before: str
    after: str
    failure: Failure
    resource: Resource
    message: str
    evidence: tuple[tuple[Access, ...], tuple[Access, ...]] = ((), ())


class Finding(Struct, frozen=True):
    code: str
    severity: Severity
    confidence: Confidence
    tools: tuple[str, ...]
    place: Place
    message: str
    help: str
    evidence: tuple[tuple[Access, ...], ...] = ()
    resource: Resource | None = None


class Declared(Struct, frozen=True):
    """An annotation an author wrote where the framework lets them, with the expression as it stands."""

    name: str
    value: Expr
    line: int
