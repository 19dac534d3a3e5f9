"""A footprint as the judges look at it: what counts, what depends on what, which locks hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from msgspec import Struct

from toolaudit.branches import apart
from toolaudit.model import RENEWED, Access, Footprint, KeyPart, Lock, Place, Resource, Tool, Update
from toolaudit.verdicts.guessed import CONFIGURATION, beside_guesses, is_guess, says_less
from toolaudit.verdicts.keys import IN_PROCESS, PATH_KINDS, family, overlap, resource_text
from toolaudit.verdicts.owners import OWNED, Owned, owned
from toolaudit.verdicts.sections import covers, shared_locks
from toolaudit_reports.lines import named

WRITES = frozenset({"w", "rw"})
# Bookkeeping after which a thing is what it always is: reading it is no dependence.
SETTLED = frozenset({"lazy-init", "telemetry", "unique-temporary"})
# Bookkeeping of one tool that another can come to depend on.
UPKEEP = frozenset({"memo", "lazy-init"})
# Operations that one request, system call or statement of the interpreter completes.
SINGLE_STEP = frozenset({"append", "create", "ensure", "increment", "delete", "consume", "send"})


class Window(Struct, frozen=True):
    """A read and the write that depends on it, resolved to accesses, with the locks held over both."""

    read: Access
    write: Access
    link: str
    lies: str
    """What lies between them: none, sync, await, io."""
    same: bool
    """Both ends touch one resource."""
    locks: tuple[Lock, ...]
    accumulates: bool = False
    """A repeat would change the result of the first call again."""
    refused: bool = False
    """Written only where nothing was found."""

    @property
    def open(self) -> bool:
        """Whether anything can come between at all: not in one atomic step, nor in one transaction."""
        if self.read is self.write:
            return not self.write.atomic
        one_transaction = bool(self.write.transaction) and self.write.transaction == self.read.transaction
        return not one_transaction and not (self.lies == "none" and self.write.atomic)


class Profile(Struct, frozen=True):
    """One tool's accesses that count, and its windows."""

    tool: Tool
    footprint: Footprint
    reads: tuple[Access, ...]
    writes: tuple[Access, ...]
    windows: tuple[Window, ...]
    secondary: tuple[Access, ...]
    met: tuple[Access, ...] = ()
    """One of each: reads and writes that differ in nothing but their place clash with the same things."""
    gaps: tuple[Window, ...] = ()
    """One of each of the open windows on one resource, or on a folder and the new member that is named after those in it."""
    by_family: Mapping[tuple[str, bool], tuple[Access, ...]] = {}
    """Of `met`, by family of resources: those, and free commands, which may do anything. With True the writes alone."""
    owned: tuple[Owned, Owned] = (Owned(), Owned())
    """Of `met`, by owner: all, and the writes alone."""
    read: Owned = Owned()
    """`reads`, by owner."""
    upkeep: tuple[Access, ...] = ()
    """Of `secondary`, the memos and markers kept inside the process."""
    leaning: Owned = Owned()
    """Of `secondary`, the looks at connections that another tool may open or drop, by owner."""

    def near(self, access: Access, writes: bool) -> tuple[Access, ...]:
        """Of `met`, what can meet another tool's access as far as the kind tells, in order; the writes alone on demand."""
        if access.resource.kind in OWNED:
            return self.owned[writes].near(access)
        name = "" if access.operation == "opaque" else family(access.resource.kind)
        return self.by_family.get((name, writes)) or self.by_family.get(("opaque", writes), ())

    @property
    def primary(self) -> tuple[Access, ...]:
        return tuple(sorted(self.reads + self.writes, key=lambda access: access.order))


class Written(Struct, frozen=True):
    """What the tools of a catalogue write inside the process, to tell shared state from configuration."""

    resources: frozenset[Resource]
    heads: frozenset[tuple[str, str, KeyPart]]
    counted: frozenset[tuple[str, str, KeyPart]] = frozenset()
    """What is only counted or noted on the way to other things."""

    def touches(self, resource: Resource) -> bool:
        """Whether some tool writes this in-process resource or a part of it."""
        return (resource.kind, resource.scope, _head(resource)) in self.heads

    def counts(self, resource: Resource) -> bool:
        """Whether the tools keep count of their doings there."""
        return (resource.kind, resource.scope, _head(resource)) in self.counted


def written_by(footprints: tuple[Footprint, ...]) -> Written:
    """The in-process resources that count as state because some tool writes them."""
    every = [a for f in footprints for a in f.accesses if a.mode in WRITES and a.resource.kind in IN_PROCESS]
    found = {a.resource for a in every if a.secondary not in SETTLED}
    return Written(frozenset(found), _heads(found), _heads({a.resource for a in every if a.secondary == "telemetry"}))


def _heads(resources: set[Resource]) -> frozenset[tuple[str, str, KeyPart]]:
    return frozenset((r.kind, r.scope, _head(r)) for r in resources)


def _head(resource: Resource) -> KeyPart:
    return resource.key[0] if resource.key else KeyPart("any")


def profiles(tools: tuple[Tool, ...], footprints: tuple[Footprint, ...]) -> tuple[Profile, ...]:
    """The profile of each tool, as one of the catalogue."""
    by_tool = {f.tool: f for f in footprints}
    written = written_by(footprints)
    return tuple(profile(tool, by_tool.get(tool.id, Footprint(tool.id)), written) for tool in tools)


def profile(tool: Tool, footprint: Footprint, written: Written | None = None) -> Profile:
    """Split a footprint into what counts and what does not; reads of what nobody writes are configuration when `written` is known."""
    reads: list[Access] = []
    writes: list[Access] = []
    secondary: list[Access] = []
    beside = beside_guesses(footprint)
    for access in footprint.accesses:
        if access.secondary or _is_configuration(access, written) or is_own(access) or (is_guess(access) and says_less(access, beside)):
            secondary.append(access)
        else:
            (writes if access.mode in WRITES else reads).append(access)
    if written is not None and not reads and not writes:  # who asks for nothing but the count asks for it
        reads = [a for a in secondary if not a.secondary and a.mode == "r" and written.counts(a.resource)]
        secondary = [a for a in secondary if a not in reads]
    windows = tuple(w for u in footprint.updates if (w := _window(footprint, u, written)) is not None)
    held = [w for w in writes if (w.operation, w.mode) == ("write", "w") and w.locks]
    windows = tuple(w for w in windows if not _own_write(w, held))
    guarded = [w for w in windows if any(covers(lock, "threads") for lock in w.locks)]
    windows = tuple(w for w in windows if not _looked_again(w, guarded))
    windows = _rewritten(reads, writes, windows) + _replaced(writes) + windows
    alone = tuple(_alone(a) for a in writes if a.mode == "rw" and a.operation not in {"opaque", "session"})
    windows = _distinct(windows + alone)
    met = _one_of_each(reads + writes, windows)
    return Profile(
        tool=tool,
        footprint=footprint,
        reads=tuple(reads),
        writes=tuple(writes),
        windows=windows,
        secondary=tuple(secondary),
        met=met,
        gaps=_gaps(windows),
        by_family=_by_family(met),
        owned=(owned(met), owned(a for a in met if a.mode in WRITES)),
        read=owned(reads),
        leaning=owned(a for a in secondary if a.mode == "r" and a.secondary == "lazy-init" and a.resource.kind in IN_PROCESS),
        upkeep=tuple(a for a in secondary if a.mode in WRITES and a.secondary in UPKEEP and a.resource.kind in IN_PROCESS),
    )


def _own_write(window: Window, held: list[Access]) -> bool:
    """What is read is what the call itself has just put there, under one lock: nobody else's state. `held` are its writes under locks."""
    return any(
        write.resource == window.read.resource
        and write.order < window.read.order
        and any(covers(lock, "threads") for lock in write.locks if lock in window.read.locks)
        for write in held
    )


def _looked_again(window: Window, guarded: list[Window]) -> bool:
    """A check whose answer only leads to a lock under which the same is checked again (double-checked locking) decides nothing. `guarded` are
    the windows that a lock covers."""
    return (
        window.link == "control"
        and not window.locks
        and any(
            other.write is window.write and other.read.resource == window.read.resource and other.read.order > window.read.order
            for other in guarded
        )
    )


def _by_family(met: tuple[Access, ...]) -> dict[tuple[str, bool], tuple[Access, ...]]:
    """Under the empty name everything, under `opaque` what may do anything alone."""
    made: dict[tuple[str, bool], tuple[Access, ...]] = {}
    for name in {"", "opaque"} | {family(access.resource.kind) for access in met}:
        there = tuple(a for a in met if name in ("", family(a.resource.kind)) or a.operation == "opaque")
        made[name, False] = there
        made[name, True] = tuple(a for a in there if a.mode in WRITES)
    return made


def _one_of_each(accesses: list[Access], windows: tuple[Window, ...]) -> tuple[Access, ...]:
    """The first of the accesses that no judge can tell apart: the same thing done under the same conditions, in the same kinds of window."""
    roles: dict[int, set[tuple[str, bool, str]]] = defaultdict(set)
    for window in windows:
        roles[id(window.read)].add(("read", window.same, window.link))
        roles[id(window.write)].add(("write", window.same, window.link))
    kept = {(content(access), frozenset(roles[id(access)])): access for access in reversed(accesses)}
    return tuple(access for access in accesses if kept[content(access), frozenset(roles[id(access)])] is access)


def _gaps(windows: tuple[Window, ...]) -> tuple[Window, ...]:
    kept: dict[object, Window] = {}
    for window in windows:
        if (window.same or _counts_on(window)) and window.open:
            itself = window.read is window.write
            kept.setdefault((itself, content(window.read), content(window.write), window.link, window.lies, window.locks), window)
    return tuple(kept.values())


def _counts_on(window: Window) -> bool:
    """A member of a folder whose name was computed from those that are there: two calls compute one name."""
    new, looked = window.write, window.read
    named = window.link == "data" and new.operation in {"write", "create"} and any(part.kind == "unknown" for part in new.resource.key)
    listed = looked.operation == "list" and (looked.resource.kind, new.resource.kind) == ("dir", "file")
    return named and listed and overlap(looked.resource, new.resource, True).relation != "never"


def is_like(one: Access, other: Access) -> bool:
    """Whether no judge can tell two accesses of one tool apart."""
    return one is other or content(one) == content(other)


def content(access: Access) -> tuple[object, ...]:
    """An access without its place."""
    key = (access.resource, access.mode, access.operation, access.atomic, access.repeat, access.locks, access.when)
    return *key, access.confidence, access.secondary, access.transaction, access.part, access.looped, access.note, access.rows


def is_own(access: Access) -> bool:
    """What only this call can reach: a process that it started, a client session that it opened."""
    named = {p.kind for p in access.resource.key}
    if access.resource.kind in {"subprocess", "memory", "session"} and named == {"fresh"}:
        return True
    if (
        access.resource.kind == "session"
        and access.operation in {"session", "create"}
        and named == {"literal"}
        and not access.resource.scope
    ):
        return True
    return access.operation == "session" and access.resource.kind == "http" and not named & {"self", "global", "cell", "state"}


def _is_configuration(access: Access, written: Written | None) -> bool:
    """An attribute or global that no tool of the catalogue writes, nor anything beside them, does not change between calls."""
    if written is None or access.mode in WRITES or access.note == RENEWED or access.resource.kind not in {"memory", "session"}:
        return False
    return named_state(access) and not written.touches(access.resource)


def of_model(access: Access) -> bool:
    """What a language model is asked: it answers from what it is told, and keeps no state that another call could change."""
    return access.resource.kind == "http" and resource_text(access.resource) == "http:inference"


def _is_settings(access: Access) -> bool:
    """A file of the environment or of the user's home that no argument names: what a client of a service is made with."""
    key = access.resource.key
    if access.resource.kind != "file" or not key or any(part.kind == "param" for part in key):
        return False
    return key[0].kind == "env" or (key[0].kind == "literal" and key[0].text.startswith(("~/", "/etc/")))


def named_state(access: Access) -> bool:
    """An attribute of the receiver, a global or a variable around the tool."""
    memory = access.resource.kind in {"memory", "session"}
    return memory and bool(access.resource.key) and access.resource.key[0].kind in {"self", "global", "cell"}


def _window(footprint: Footprint, update: Update, written: Written | None) -> Window | None:
    read, write = footprint.accesses[update.read], footprint.accesses[update.write]
    if read.secondary or write.secondary or write.mode not in WRITES or _is_configuration(read, written) or is_own(read) or is_own(write):
        return None
    same = read is write or one_thing(read.resource, write.resource)
    if not same and of_model(read):
        return None
    if not same and (read.resource.kind in CONFIGURATION or (read.operation == "list" and write.resource.kind in CONFIGURATION)):
        return None
    if not same and _is_settings(read) and write.resource.kind not in PATH_KINDS:
        return None
    return Window(read, write, update.link, update.window, same, shared_locks(read, write), update.accumulates, update.refused)


def _rewritten(reads: list[Access], writes: list[Access], windows: tuple[Window, ...]) -> tuple[Window, ...]:
    """A file that is read whole, and later written whole behind a check, is edited: the text in between may pass through objects unseen."""
    found: list[Window] = []
    for write in writes:
        checked = [w for w in windows if w.write is write and w.same]
        if write.resource.kind != "file" or write.operation != "write" or not checked or any(w.link == "data" for w in checked):
            continue
        for read in reads:
            if read.operation == "read" and read.order < write.order and read.resource == write.resource:
                found.append(Window(read, write, "data", checked[-1].lies, True, shared_locks(read, write)))
                break
    return tuple(found)


def _replaced(writes: list[Access]) -> tuple[Window, ...]:
    """A thing outside the process that is deleted and made anew: in between it is gone."""
    for i, gone in enumerate(writes):
        for made in writes[i + 1 :] if gone.operation == "delete" and not in_process(gone) else ():
            anew = made.operation in {"create", "append"} and made.chain != gone.chain and not never_both(gone, made)
            if anew and one_thing(gone.resource, made.resource):
                return (Window(gone, made, "data", "io", True, shared_locks(gone, made), accumulates=not _same_row(gone, made)),)
    return ()


def _same_row(gone: Access, made: Access) -> bool:
    """Whether the row that is put in is the one that was taken out: a repeat takes out the one of the first call."""
    known = gone.rows and not any(part.kind in {"unknown", "any", "fresh"} for _, value in gone.rows for part in value)
    return bool(known) and set(gone.rows) <= set(made.rows)


def one_thing(one: Resource, other: Resource) -> bool:
    """Whether two keys of a single call name one thing. Two parameters with different names are two things."""
    found = overlap(one, other)
    if found.relation == "when":
        return len(found.pairs) == len(found.conditions) and all(x == y for x, y in found.pairs)
    return found.relation == "always" or (found.relation == "may" and _vague(one) and _vague(other))


def _vague(resource: Resource) -> bool:
    return not resource.key or any(p.kind in {"unknown", "any"} for p in resource.key)


def _alone(access: Access) -> Window:
    """One operation that reads and writes: a window in itself unless it is atomic."""
    return Window(access, access, "data", "none" if access.atomic else "sync", True, access.locks)


def _distinct(windows: tuple[Window, ...]) -> tuple[Window, ...]:
    seen: set[tuple[int, int]] = set()
    out: list[Window] = []
    for window in windows:
        key = (id(window.read), id(window.write))
        if key not in seen:
            seen.add(key)
            out.append(window)
    return tuple(out)


def in_process(access: Access) -> bool:
    """State of this process alone: a coroutine that does not suspend cannot be disturbed in it."""
    return access.resource.kind in IN_PROCESS


def one_step(access: Access) -> bool:
    """Whether one access completes as a whole: no other call sees it half done."""
    if access.operation == "opaque":
        return False
    if access.atomic or access.operation in SINGLE_STEP:
        return True
    return access.resource.kind not in PATH_KINDS | {"subprocess", "browser"}


def exclusive(one: Access, other: Access) -> bool:
    """Two accesses of one call under different values of the same parameter never both happen."""
    values = {f.parameter: f.value for f in one.when}
    return any(f.parameter in values and values[f.parameter] != f.value for f in other.when)


def never_both(one: Access, other: Access) -> bool:
    """Two accesses of which one call makes at most one."""
    return exclusive(one, other) or apart(one.arms, other.arms)


def line_of(access: Access) -> str:
    """The line of an access, for a sentence."""
    return line_at(access.chain[-1]) if access.chain else "0"


def line_at(place: Place) -> str:
    """The line of a place, for a sentence."""
    return named(place.file, place.line)


def alike(one: Access, other: Access) -> bool:
    """Whether two accesses of a call are two spellings of one thing: `{path}` or, with a root in front or an ending behind, the same."""
    if family(one.resource.kind) != family(other.resource.kind):
        return False
    a, b = one.resource.key, other.resource.key
    if a == b:
        return True
    params = [p.text for p in a if p.kind == "param"], [p.text for p in b if p.kind == "param"]
    bare = [len(key) == 1 and key[0].kind == "param" for key in (a, b)]
    return bool(params[0]) and params[0] == params[1] and (any(bare) or any(p.kind == "unknown" for p in a + b))
