"""The three questions of each tool: is it atomic, idempotent, independent? Each answer carries its reason and the line that decides it.

Synchronous tools are judged for threads; coroutines at their awaits, but in what lies outside the process also for other processes.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from toolaudit.branches import apart
from toolaudit.effects.sql import OF_ITSELF
from toolaudit.model import Access, Answer, KeyPart, Lock, Place, Tool, Verdict
from toolaudit.verdicts.guessed import CONFIGURATION, of_environment
from toolaudit.verdicts.keys import NEVER, PATH_KINDS, family, overlap, resource_text
from toolaudit.verdicts.profile import WRITES, Profile, Window, alike, in_process, line_of, never_both, of_model, one_step, one_thing
from toolaudit.verdicts.sections import covers, guards, shared_locks

# Where each pass of a loop is a look of its own; a request in a loop may as well be tried again.
LOOPED = PATH_KINDS | {"redis", "docker", "sql"}
_ITEM = re.compile(r"\.(?:\[\]|\*)(?:\.|$)")
SNAPSHOTS = frozenset({"read", "list", "consume"})


# --- atomic ----------------------------------------------------------------------------------------------------------


def atomic(view: Profile) -> Answer:
    """Whether no other overlapping call can see or disturb a half-done effect of this one."""
    counted = [a for a in view.primary if a.resource.kind not in CONFIGURATION or a.mode in WRITES]
    if not counted:
        return Answer(
            not view.footprint.opaque, _as_read(view, "touches no shared state") if not view.footprint.opaque else _opaque_reason(view)
        )
    lock = _whole_lock(view, counted)
    if lock is not None:
        return Answer(True, f"everything happens under {lock.name}", _place(counted[0]))
    if len(counted) > 1 and counted[0].transaction and len({a.transaction for a in counted}) == 1:
        return Answer(True, "everything happens in one transaction", _place(counted[0]))
    if not view.writes:
        return _one_snapshot(view, counted)
    return _torn(view) or _step_by_step(view)


def _as_read(view: Profile, said: str) -> str:
    """A reason that holds of what was read alone, where there are calls that could not be."""
    return f"as far as it could be read, {said}" if any(c.consequence != "ignored" for c in view.footprint.unknown_calls) else said


def _whole_lock(view: Profile, counted: list[Access]) -> Lock | None:
    """A lock held over every access that counts, wide enough for how the tool runs."""
    runner = "event-loop" if view.tool.is_async else "threads"
    common = [lock for lock in counted[0].locks if all(lock in shared_locks(counted[0], a) for a in counted)]
    return next((lock for lock in common if covers(lock, runner) and all(guards(lock, a.resource) for a in counted)), None)


def _one_snapshot(view: Profile, reads: list[Access]) -> Answer:
    """A reader is atomic when it takes one snapshot; existence checks only pick the error text."""
    looks = [a for a in reads if a.operation in SNAPSHOTS]
    outside = [a for a in looks if not in_process(a) or any(p.kind == "param" for p in a.resource.key)]
    looks = outside or looks
    looks = [a for a in looks if not (_of_schema(a) or of_model(a) or of_environment(a))] or looks
    for access in looks:
        if access.resource.kind in PATH_KINDS and access.operation == "read" and any(p.kind == "any" for p in access.resource.key):
            return Answer(False, f"reads many files one after another: {resource_text(access.resource)}", _place(access))
        if access.looped and _other_each_pass(access):
            return Answer(False, f"reads {resource_text(access.resource)} again and again in a loop", _place(access))
    if view.tool.is_async and not view.footprint.suspends and all(in_process(a) for a in reads):
        return Answer(True, "reads state of this process alone, with no await in between", _place(reads[0]))
    first = looks[0] if looks else reads[0]
    other = next((a for a in looks[1:] if _another_look(first, a)), None)
    if other is None:
        return Answer(True, f"takes one look at {resource_text(first.resource)}", _place(first))
    what = f"{resource_text(first.resource)} (line {line_of(first)}) and {resource_text(other.resource)}"
    return Answer(False, f"reads {what} separately, so another call can change one in between", _place(other))


def _of_schema(access: Access) -> bool:
    """A look at which tables there are, on the way to what is in them."""
    first = access.resource.key[0] if access.resource.kind == "sql" and access.resource.key else None
    return first is not None and first.kind == "literal" and first.text.lower().startswith(OF_ITSELF)


def _other_each_pass(access: Access) -> bool:
    """Whether the passes of a loop look at different things: what is asked of a service for each item of an argument is no second try."""
    key = access.resource.key
    if access.resource.kind in LOOPED:
        return any(part.kind != "literal" for part in key)
    return any(part.kind == "param" and _ITEM.search(part.text) for part in key)


def _another_look(first: Access, later: Access) -> bool:
    """Whether a later read can see another state than the first; two keys of one call are one look."""
    if never_both(first, later) or first.chain == later.chain:
        return False
    if (
        first.resource.kind == "sql"
        and first.resource == later.resource
        and not (first.transaction and first.transaction == later.transaction)
    ):
        return first.chain[-1:] != later.chain[-1:]  # two statements, two states of the table
    if first.resource.kind == "http" and first.resource == later.resource and first.chain[-1:] == later.chain[-1:]:
        return True  # one function that sends requests, called twice
    entries = first.operation == "list" and later.resource.kind == "file" and any(p.kind in {"unknown", "any"} for p in later.resource.key)
    return (entries and first.resource.kind == "dir") or not alike(later, first)


def _torn(view: Profile) -> Answer | None:
    for access in view.writes:
        if access.operation == "opaque" and not all(w.resource.kind == "sql" for w in view.writes):
            return Answer(False, _opaque_reason(view), _place(access))
    for window in view.windows:
        if window.open and not guarded(view.tool, window):
            where = f"{resource_text(window.read.resource)} (line {line_of(window.read)})"
            act = "deletes" if window.read.mode == "w" else "reads" if window.link == "data" else "checks"
            same = "it" if window.same else resource_text(window.write.resource)
            return Answer(False, f"{act} {where} and then writes {same}: another call can come between", _place(window.write))
    return None


def guarded(tool: Tool, window: Window) -> bool:
    """Whether a lock, or the loop itself, keeps other calls out between the two ends."""
    runner = "event-loop" if tool.is_async else "threads"
    if any(covers(lock, runner) and guards(lock, window.write.resource) for lock in window.locks):
        return True
    return tool.is_async and in_process(window.read) and in_process(window.write) and window.lies != "await"


def _step_by_step(view: Profile) -> Answer:
    for access in view.writes:
        if access.operation == "opaque":
            return Answer(True, "one free statement, in a transaction of its own", _place(access))
        if not one_step(access) and not _serial_body(view, access):
            what = resource_text(access.resource)
            if access.resource.kind in PATH_KINDS:
                return Answer(False, f"{what} is truncated and then written: a reader can meet it empty or in part", _place(access))
            return Answer(False, f"the change of {what} takes several steps", _place(access))
    many = next(
        (
            a
            for a in view.writes
            if a.looped and not in_process(a) and not a.transaction and (_posted(a) or any(p.kind != "literal" for p in a.resource.key))
        ),
        None,
    )
    if many is not None:
        return Answer(False, f"changes {resource_text(many.resource)} again and again in a loop, without a transaction", _place(many))
    pair = _two_writes(view)
    if pair is not None:
        first, second = (resource_text(a.resource) for a in pair)
        again = "again" if first == second else second
        return Answer(False, f"writes {first} (line {line_of(pair[0])}) and then {again}, without a transaction", _place(pair[1]))
    only = view.writes[0]
    return Answer(True, f"one {only.operation} of {resource_text(only.resource)}", _place(only))


def _posted(access: Access) -> bool:
    return access.resource.kind == "http" and access.operation == "send" and access.confidence == "catalogued"


def _serial_body(view: Profile, access: Access) -> bool:
    return view.tool.is_async and not view.footprint.suspends and in_process(access)


def _two_writes(view: Profile) -> tuple[Access, Access] | None:
    """Two writes of one call that another call can see apart. Equal operations on one resource are alternatives (branches), not steps."""
    for i, one in enumerate(view.writes):
        for other in view.writes[i + 1 :]:
            alternative = (alike(one, other) and one.operation == other.operation) or never_both(one, other) or _branches(view, one, other)
            together = bool(one.transaction) and one.transaction == other.transaction
            held = any(covers(lock, "event-loop" if view.tool.is_async else "threads") for lock in shared_locks(one, other))
            if not (alternative or together or held or (_serial_body(view, one) and _serial_body(view, other))):
                return one, other
    return None


def _branches(view: Profile, one: Access, other: Access) -> bool:
    """Two keys of one call, the file or the folder of a name, or two changes of which the second makes the first pointless: branches, not
    steps."""
    if one.chain == other.chain:
        return True
    if {one.resource.kind, other.resource.kind} == PATH_KINDS and one.operation == other.operation == "delete":
        return any(access.secondary == "kind-check" for access in view.secondary)
    replaces = {one.operation, other.operation} <= {"write", "update", "delete"} and other.operation in {"write", "delete"}
    return one.resource == other.resource and replaces and one_step(one) and one_step(other)


def _opaque_reason(view: Profile) -> str:
    return f"runs {view.footprint.opaque or 'free code'}, which takes any number of steps"


# --- idempotent ------------------------------------------------------------------------------------------------------

REPEATS = {
    "append": "adds the same again",
    "increment": "counts once more",
    "send": "sends it again",
    "consume": "takes the next item",
    "opaque": "runs the same free text again",
}
HARMLESS = frozenset({"write", "ensure", "delete", "rename", "session"})


def idempotent(view: Profile) -> Answer:
    """Whether a second equal call leaves the same state, even if it answers with an error."""
    if view.footprint.opaque and not view.writes:
        return Answer(False, f"runs {view.footprint.opaque}: a repeat may do anything again")
    if not view.writes:
        return Answer(True, _as_read(view, "writes no state"))
    for access in view.writes:
        why = _accumulates(view, access)
        if why:
            return Answer(False, f"a repeat {why}: {resource_text(access.resource)}", _place(access))
    last = view.writes[-1]
    guard = any(w.link == "control" and w.write is last for w in view.windows)
    why = "is refused by the check or changes nothing" if guard else "leaves the same state"
    return Answer(True, f"a repeat {why}: {resource_text(last.resource)}", _place(last))


def _accumulates(view: Profile, access: Access) -> str:
    """Why a second equal call changes state again; empty when it does not."""
    if any(p.kind == "fresh" for p in access.resource.key) and access.operation not in {"delete", "ensure"}:
        return "" if _refused(view, access) else "makes another one under a new name"
    if access.mode == "w" and access.operation in {"write", "ensure"} and _new_row(access):
        return "makes another one under a new name"
    if _looked_for(view, access) or any(w.write is access and w.same and w.refused for w in view.windows):
        return ""
    if _next_free(view, access):
        return "takes the next name that is free"
    if _next_key(view, access):
        return "makes another one under a new name"
    if access.resource.kind == "git" and any(w.write is access and w.link == "control" and w.same for w in view.windows):
        return ""  # a commit takes what was staged: the look before it finds nothing the second time
    if access.repeat == "again" and not (access.operation == "append" and _starts_anew(view, access)):
        return REPEATS.get(access.operation, "changes it again")
    if access.operation == "create" and access.repeat == "error":
        return ""
    if any(w.write is access and w.accumulates and w.same and w.read is not access for w in view.windows):
        return "starts from what the first call left and changes it again"
    if access.repeat in {"same", "error"}:
        return ""
    if access.mode == "rw" and access.operation == "update":
        return "changes it again"
    if access.operation == "append" and _starts_anew(view, access):
        return ""
    guarded_by_check = any(w.write is access and w.link == "control" and w.same for w in view.windows)
    if access.operation in REPEATS:
        return "" if guarded_by_check and access.operation == "append" else REPEATS[access.operation]
    return "" if access.operation in HARMLESS | {"create", "update"} else "changes it again"


def _new_row(access: Access) -> bool:
    """A row put under a key that no other call has: what would give way to it, or replace it, is not there."""
    return any(part.kind == "fresh" for _, value in access.rows for part in value)


def _looked_for(view: Profile, access: Access) -> bool:
    """An entry added where it was not found, or removed where it was: `if x not in items: items.append(x)`."""
    entry = access.operation in {"append", "delete"} and in_process(access)
    if access.operation == "append" and any(w.resource == access.resource and apart(w.arms, access.arms) for w in view.writes):
        return False  # made where it was not found, and added to where it was
    return entry and any(
        w.write is access and w.link == "control" and w.read.operation == "check" and w.read.resource == access.resource
        for w in view.windows
    )


def _next_key(view: Profile, access: Access) -> bool:
    """An entry under a key that is made of which entries there are: `items[max(items) + 1] = item`."""
    if access.operation != "write" or not in_process(access):
        return False
    made_of = [w.read.resource for w in view.windows if w.write is access and w.link == "data" and w.accumulates]
    return any(access.resource.key[: len(read.key)] == read.key and _is_entry(access.resource.key[len(read.key) :]) for read in made_of)


def _is_entry(rest: tuple[KeyPart, ...]) -> bool:
    return [part.kind for part in rest] == ["literal", "unknown", "literal"] and rest[0].text == "["


def _next_free(view: Profile, access: Access) -> bool:
    """A file under a name that was tried until none was there: `while exists(f"{name}_{n}"): n += 1`."""
    if access.resource.kind != "file" or access.looped or access.operation not in {"write", "create"}:
        return False
    if not any(
        part.kind in ("param", "self", "env") or (part.kind == "literal" and part.text[:1].isalnum()) for part in access.resource.key
    ):
        return False  # nothing of the name is known: it need not be the name that was tried
    return any(w.write is access and w.same and w.read.operation == "check" and w.read.looped for w in view.windows)


def _starts_anew(view: Profile, access: Access) -> bool:
    """Whether the call empties or replaces the thing that it appends to, before or after."""
    beside = [w for w in view.writes if alike(w, access) and not never_both(w, access)]
    emptied = any(w.order < access.order and w.operation == "delete" for w in beside)
    made_once = {id(w.write) for w in view.windows if w.link == "control" and w.same}
    return emptied or any(w.operation == "write" and w.chain != access.chain and id(w) not in made_once for w in beside)


def _refused(view: Profile, access: Access) -> bool:
    """Whether the call first checks something that it changes itself, so that a repeat stops at the check."""
    checks = [w.read for w in view.windows if w.link == "control" and w.write is access]
    return any(one_thing(check.resource, write.resource) for check in checks for write in view.writes)


# --- independent -----------------------------------------------------------------------------------------------------


def independence_of_one(view: Profile) -> Answer:
    """What can be said without the catalogue: a tool that reads no shared state depends on nobody."""
    reads = [a for a in view.primary if a.mode != "w"]
    if not reads and not view.footprint.opaque:
        return Answer(True, _as_read(view, "reads no state that another tool could change"))
    if not reads:
        return Answer(False, f"runs {view.footprint.opaque}: its result can depend on anything")
    return Answer(None, f"reads {resource_text(reads[0].resource)}; whether another tool writes it was not looked at", _place(reads[0]))


def settle_independence(views: tuple[Profile, ...], verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """The same verdicts with `independent` decided against the whole catalogue (bucketed by kind, so large catalogues stay quick)."""
    writers: dict[str, list[tuple[Tool, Access]]] = {}
    seen: set[tuple[str, str, object]] = set()
    for view in views:
        for access in view.writes:
            key = (view.tool.id, access.operation, access.resource)
            if key not in seen:
                seen.add(key)
                writers.setdefault(family(access.resource.kind), []).append((view.tool, access))
    by_tool = {view.tool.id: view for view in views}
    return tuple(replace(v, independent=_settle(by_tool[v.tool], v, writers)) for v in verdicts)


def _settle(view: Profile, verdict: Verdict, writers: dict[str, list[tuple[Tool, Access]]]) -> Answer:
    if verdict.independent.value is not None:
        return verdict.independent
    for read in (a for a in view.primary if a.mode != "w"):
        for tool, write in writers.get(family(read.resource.kind), ()):
            if tool.id != view.tool.id and overlap(read.resource, write.resource) != NEVER:
                what = f"reads {resource_text(read.resource)}, which {tool.name} writes (line {line_of(write)})"
                return Answer(False, what, _place(read))
    return Answer(True, "no other tool of the catalogue writes what it reads")


def _place(access: Access) -> Place | None:
    return access.chain[-1] if access.chain else None
