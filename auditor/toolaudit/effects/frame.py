"""The state of one walk through a function, and what is left of it: effects with their dependences, and a summary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from toolaudit.branches import Arms
from toolaudit.effects import limits
from toolaudit.effects.boxes import Shared
from toolaudit.effects.budget import Budget
from toolaudit.effects.values import CLEAN, Code, Function, Loc, Taint, Value, join_taint, passed
from toolaudit.facts import Expr, FunctionHead, Stmt
from toolaudit.model import Column, Consequence, Fact, Given, Lock, Operation, Place, Resource, UnknownCall
from toolaudit.project.resolve import ClassRef, GlobalRef, Resolver

if TYPE_CHECKING:
    from toolaudit.catalogue.lookup import Catalogue
    from toolaudit.project.watched import Watched

MAX_CHAIN = 14
NEVER = 1 << 30
MAX_ARMS = 10
Mode = Literal["r", "w", "rw"]
Repeat = Literal["same", "again", "error", "unknown"]
Chosen = tuple[tuple[str, Value | None], ...]
"""Parameters that were kept apart in one walk of a function, with what was known of them."""
How = Literal["proven", "typed", "catalogued", "name-only", "unknown"]


class Effect(Struct, frozen=True):
    """One access in the terms of one function. `data` and `control` are what it depends on; `awaits` and `io` count what went before."""

    target: Loc | Resource
    mode: Mode
    op: Operation
    chain: tuple[Place, ...]
    data: Taint = CLEAN
    control: Taint = CLEAN
    awaits: int = 0
    io: int = 0
    atomic: bool = False
    repeat: Repeat = "unknown"
    locks: tuple[Lock, ...] = ()
    when: tuple[Fact, ...] = ()
    confidence: How = "proven"
    secondary: str = ""
    transaction: str = ""
    looped: bool = False
    part: str = ""
    note: str = ""
    rows: tuple[Column, ...] = ()
    arms: Arms = ()


class Summary(Struct, frozen=True):
    """What a function does, in terms of its parameters."""

    effects: tuple[Effect, ...] = ()
    returns: Value | None = None
    yields: Value | None = None
    yield_locks: tuple[Lock, ...] = ()
    yield_at: int = -1
    """How many effects happen before the first `yield`; -1 when there is none."""
    fields: tuple[tuple[str, Value], ...] = ()
    exits: Taint = CLEAN
    """What decides whether it raises."""
    unknown: tuple[UnknownCall, ...] = ()
    blocking: tuple[Place, ...] = ()
    suspends: bool = False
    awaits: int = 0
    io: int = 0
    opaque: str = ""
    total: int = 0
    resolved: int = 0
    grown: Taint = CLEAN
    demands: frozenset[str] = frozenset()
    """Parameters whose constant value would have decided something."""
    asks: frozenset[str] = frozenset()
    """Parameters of which it refuses, by raising, all that does not read."""
    low: int = NEVER
    """The outermost unfinished function that this was made with, by its depth; `NEVER` when there was none."""


@dataclass(slots=True)
class World:
    """What the walks of a unit share: the code base, the catalogue, and everything found so far."""

    project: Watched
    resolver: Resolver
    catalogue: Catalogue
    shared: Shared = field(default_factory=Shared)
    summaries: dict[object, Summary] = field(default_factory=dict)
    held: int = 0
    """How many effects the summaries hold."""
    working: dict[object, int] = field(default_factory=dict)
    unfinished: dict[object, Summary] = field(default_factory=dict)
    cycles: int = 0
    met: dict[object, object] = field(default_factory=dict)
    """Each function walked, with the code that it was handed, and the key of its last summary."""
    budget: Budget = field(default_factory=Budget)
    chosen: dict[Code, set[Chosen]] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    """The functions that the current walk called, `file::qualname` each."""
    when: tuple[Fact, ...] = ()
    """What the current tool's dispatcher is called with: the tool's name."""
    named: dict[Code, set[str]] = field(default_factory=dict)
    """The parameters of functions in which such a name decided something."""
    reach: dict[object, frozenset[str]] | None = None
    renewed: dict[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    rebound: dict[tuple[str, str, str], bool] = field(default_factory=dict)
    redone: set[object] = field(default_factory=set)
    variants: dict[tuple[str, str, int], int] = field(default_factory=dict)
    codes: dict[tuple[str, str], Code | None] = field(default_factory=dict)
    globals: dict[GlobalRef, Value] = field(default_factory=dict)
    attributes: dict[tuple[ClassRef, str], Value | None] = field(default_factory=dict)
    fields: dict[ClassRef, dict[str, Value]] = field(default_factory=dict)
    global_lines: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    """File → its lines that hold the word `global`."""
    assigned_names: dict[tuple[str, int, int], frozenset[str]] = field(default_factory=dict)
    """The lines of a method → the attributes that they may assign."""
    given: tuple[Given, ...] = ()
    """What the current tool's function was made with."""
    closures: dict[tuple[str, str, tuple[Given, ...]], dict[str, Value]] = field(default_factory=dict)
    decorated: dict[object, Value] = field(default_factory=dict)
    provisional: list[tuple[int, object]] = field(default_factory=list)
    implementers: dict[tuple[ClassRef | None, str], tuple[ClassRef, ...]] = field(default_factory=dict)
    lifespan: Value | None = None
    """What the server's lifespan gives its tools, once asked for."""
    execute: Callable[[Frame, tuple[Stmt, ...]], None] = None  # type: ignore[assignment]
    evaluate: Callable[[Frame, Expr], Value] = None  # type: ignore[assignment]

    def setter(self, path: str, head: FunctionHead) -> Code | None:
        """The body of a property's setter, which shares its name with the getter."""
        return self.code(path, head.qualname + ".setter")

    def code(self, path: str, qualname: str) -> Code | None:
        """The body of a function, in its one box."""
        key = (path, qualname)
        if key not in self.codes:
            facts = self.project.facts(path, qualname)
            self.codes[key] = None if facts is None else self.shared.box(path, qualname, facts)
        return self.codes[key]


class Jump(NamedTuple):
    """A `break` or `continue`: the variables then, the conditions under which it is reached, and what was looked up for it."""

    kind: Literal["break", "continue"]
    env: dict[str, Value]
    control: Taint
    looked: Taint = CLEAN


@dataclass(slots=True)
class Frame:
    """One walk through one function (or lambda, or module-level expression)."""

    world: World
    path: str
    function: str
    env: dict[str, Value] = field(default_factory=dict)
    closure: dict[str, Value] = field(default_factory=dict)
    nested: Function | None = None
    owner: ClassRef | None = None
    receiver: str = ""
    """The name of the receiver parameter: `self` or `cls`."""
    is_async: bool = False
    fixed: set[str] = field(default_factory=set)
    """Parameters that still hold what they were called with."""
    effects: list[Effect] = field(default_factory=list)
    control: Taint = CLEAN
    sticky: Taint = CLEAN
    ended: int = 0  # how many ways have ended so far
    exits: Taint = CLEAN
    locks: tuple[Lock, ...] = ()
    when: tuple[Fact, ...] = ()
    arms: Arms = ()
    ladder: tuple[str, int] | None = None
    """The condition of which the `if` that stands next is one more way (`elif`), and the number of that way."""
    transaction: str = ""
    transaction_waits: bool = False
    """It begins with the next write: what is read before stands outside."""
    awaits: int = 0
    io: int = 0
    alive: bool = True
    returns: list[Value] = field(default_factory=list)
    yields: list[Value] = field(default_factory=list)
    yield_locks: tuple[Lock, ...] = ()
    yield_at: int = -1
    fields: dict[str, Value] = field(default_factory=dict)
    opened: list[Any] = field(default_factory=list)
    """Managers entered by a call, which are left with their stack."""
    in_loop: int = 0
    jumps: list[Jump] = field(default_factory=list)
    """How the passes of the current loop ended early."""
    made: tuple[tuple[str, Value], ...] = ()
    """Attributes that the call made last gave its receiver."""
    unknown: list[UnknownCall] = field(default_factory=list)
    blocking: list[Place] = field(default_factory=list)
    suspends: bool = False
    opaque: str = ""
    total: int = 0
    resolved: int = 0
    demands: set[str] = field(default_factory=set)
    low: int = NEVER
    global_names: set[str] = field(default_factory=set)
    outer_names: set[str] = field(default_factory=set)
    classes: dict[str, ClassRef] = field(default_factory=dict)
    local_codes: set[Code] = field(default_factory=set)
    line: int = 0
    counts: dict[object, int] = field(default_factory=dict)
    last: dict[limits.Said, int] = field(default_factory=dict)
    """The last effect of each target, mode, operation and secondary purpose: upkeep stands in for no write."""
    called: str = ""  # the name of the object whose method is being called, as written
    statement: Expr | None = None
    """The expression that is a statement of its own."""
    awaited: Expr | None = None
    discarded: bool = False
    """Nobody looks at what the call being made gives: it is made for its effect."""
    asks: frozenset[str] = frozenset()
    """Arguments that are SQL which reads: the rest was refused before."""
    refused: frozenset[str] = frozenset()
    """Those of which the rest was refused by raising, so that callers run only reads of them, too."""
    pending: bool = False  # the call made last waits on something real when awaited
    threaded: bool = False
    """Inside a call handed to a worker thread: nothing there blocks the event loop."""
    grown: Taint = CLEAN
    """Marks on the parameters and reads whose objects were added to."""
    fresh: set[str] = field(default_factory=set)
    """Names whose object was made here, empty or with constant members: adding to it is building it."""
    quiet: int = 0
    """Above zero: expressions are looked at for their value alone."""

    def place(self, line: int) -> Place:
        return Place(self.path, line, self.function)

    def emit(
        self,
        target: Loc | Resource,
        mode: Mode,
        op: Operation,
        line: int,
        *,
        data: Taint = CLEAN,
        atomic: bool = False,
        repeat: Repeat = "unknown",
        confidence: How = "proven",
        secondary: str = "",
        part: str = "",
        note: str = "",
        rows: tuple[Column, ...] = (),
        locks: tuple[Lock, ...] = (),
        when: tuple[Fact, ...] = (),
        below: tuple[Place, ...] = (),
    ) -> Taint:
        """Record an access, `below` the places that lead on from the line; the taint that stands for it."""
        return self.add(
            Effect(
                target=target,
                mode=mode,
                op=op,
                chain=(self.place(line), *below)[:MAX_CHAIN],
                data=data,
                control=self.control,
                awaits=self.awaits,
                io=self.io,
                atomic=atomic,
                repeat=repeat,
                locks=(*self.locks, *locks),
                when=(*self.when, *(fact for fact in when if fact not in self.when)),
                confidence=confidence,
                secondary=secondary,
                transaction=self.joined(mode),
                looped=self.in_loop > 0,
                part=part,
                note=note,
                rows=rows,
                arms=self.arms,
            )
        )

    def joined(self, mode: str) -> str:
        """The transaction that an access of this mode is part of, empty for none."""
        if "w" in mode:
            self.transaction_waits = False
        return "" if self.transaction_waits else self.transaction

    def add(self, effect: Effect) -> Taint:
        """Keep an effect, unless equal ones are there already; the taint that stands for it."""
        if self.quiet:
            return CLEAN
        same = (effect.target, effect.mode, effect.op, effect.locks, effect.when, effect.secondary, effect.part, effect.rows)
        count = self.counts.get(same, 0)
        owner = effect.target.scope, effect.target.kind if isinstance(effect.target, Resource) else effect.target.root
        of_owner = self.counts.get(owner, 0)
        if count >= limits.MAX_SAME:
            return limits.stand_in(self.effects, self.last, effect)
        if (len(self.effects) >= limits.MAX_EFFECTS or of_owner >= limits.MAX_PER_OWNER) and not self._first_of_few(effect, owner):
            return limits.stand_in(self.effects, self.last, effect) or self._widen(effect)
        self.counts[same] = count + 1
        self.counts[owner] = of_owner + 1
        self.last[limits.said(effect)] = len(self.effects)
        self.effects.append(effect)
        return frozenset((len(self.effects) - 1,))

    def fold(self, target: Loc | Resource, mode: Mode, data: Taint) -> Taint | None:
        """A read or write through an open file is part of what opening it said: the one access, now with what was written into it."""
        if self.quiet:
            return CLEAN
        for index in range(len(self.effects) - 1, max(len(self.effects) - 12, -1), -1):
            known = self.effects[index]
            alike = known.target == target and known.locks == self.locks
            if alike and mode == "r" and (known.mode, known.op) == ("w", "write"):
                return frozenset((index,))  # it was emptied: what is in it now was written here
            if alike and (mode == known.mode or known.mode == "rw"):
                return self._written_into(index, data) if "w" in mode else frozenset((index,))
        return None

    def _written_into(self, index: int, data: Taint) -> Taint:
        """What opening a file said, with what is written into it now; an access of its own where that was read after opening."""
        known, own = self.effects[index], frozenset((index,))
        data, control = join_taint(known.data, data - own), join_taint(known.control, self.control - own)
        fed = replace(known, data=data, control=control, awaits=self.awaits, io=self.io)
        if any(isinstance(source, int) and source > index for source in data | control):
            return self.add(fed)
        self.effects[index] = fed
        return own

    def _first_of_few(self, effect: Effect, owner: object) -> bool:
        """Whether an access beyond the limits says something new of an owner of whom little has been said, if often."""
        if limits.said(effect) in self.last or self.counts.get(("first", owner), 0) >= limits.MAX_FIRST:
            return False
        self.counts["first", owner] = self.counts.get(("first", owner), 0) + 1
        return True

    def feed(self, started: Taint, data: Taint) -> None:
        """What is handed to something that runs already belongs to the writes that starting it was."""
        for index in started:
            if isinstance(index, int) and index < len(self.effects) and "w" in self.effects[index].mode and not self.quiet:
                self._written_into(index, data - started)

    def _widen(self, effect: Effect) -> Taint:
        """Beyond the limits an access is one of anything of its owner: no write is dropped."""
        wide = replace(effect, target=limits.widened(effect.target), atomic=False)
        known = limits.stand_in(self.effects, self.last, wide)
        if not known:
            self.last[limits.said(wide)] = len(self.effects)
            self.effects.append(wide)
            known = frozenset((len(self.effects) - 1,))
        return known

    def guard(self, taint: Taint) -> None:
        """From here on, everything happens only because of these reads."""
        self.sticky = join_taint(self.sticky, taint)
        self.control = join_taint(self.control, taint)

    def suspend(self) -> None:
        self.suspends = True
        self.awaits += 1

    def missing(self, callee: str, reason: str, consequence: Consequence, line: int) -> None:
        """Record a call that could not be followed."""
        if self.quiet or len(self.unknown) >= (40 if consequence == "ignored" else 80):
            return
        place = self.place(line)
        if not any(call.callee == callee and call.reason == reason for call in self.unknown):
            self.unknown.append(UnknownCall(callee, reason, consequence, place, (place,)))

    def summary(self, returns: Value | None, yields: Value | None) -> Summary:
        return Summary(
            effects=tuple(self.effects),
            returns=returns,
            yields=yields,
            yield_locks=self.yield_locks,
            yield_at=self.yield_at,
            fields=tuple(self.fields.items()),
            exits=passed(self.exits, self.sticky),
            unknown=tuple(self.unknown),
            blocking=tuple(self.blocking),
            suspends=self.suspends,
            awaits=self.awaits,
            io=self.io,
            opaque=self.opaque,
            total=self.total,
            resolved=self.resolved,
            grown=frozenset(item for item in self.grown if isinstance(item, str)),
            demands=frozenset(self.demands),
            asks=self.asks & self.refused,
            low=self.low,
        )
