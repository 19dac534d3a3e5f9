"""Two tools, access by access: each way in which their calls can clash."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from toolaudit.model import Access, Failure, KeyPart, Resource, Runner
from toolaudit.verdicts.addresses import spoken_of
from toolaudit.verdicts.commute import biting, commute, held_by_both, left_open, order_runners, without_payload
from toolaudit.verdicts.guessed import is_guess
from toolaudit.verdicts.keys import ANY, IN_PROCESS, NEVER, PATH_KINDS, Overlap, key_text, overlap
from toolaudit.verdicts.meet import meet
from toolaudit.verdicts.profile import WRITES, Profile, Window, exclusive, is_like, never_both, one_step, one_thing

# A check that lost the race makes these fail or do nothing, as it would in sequence.
HARMLESS_ACTS = frozenset({"delete", "rename", "send"})
SHELL_REACH = PATH_KINDS | {"env", "cwd", "git", "docker", "k8s"}
# What a child process starts with and cannot change for its parent.
OF_THE_PROCESS = frozenset({"env", "cwd"})
# Upkeep that gives a call what it needs, whoever did it.
MADE_ANEW = frozenset({"lazy-init", "memo"})
RUNS = "runs what it is given"
"""The note of a request that hands code to a service."""


class Clash(Struct, frozen=True, gc=False):
    """One way in which call `a` and call `b` clash, before severity and words. Evidence that is empty is the access alone: most is, of a
    hundred thousand."""

    kind: Literal["race", "order"]
    code: str
    failure: Failure
    relation: Literal["when", "always", "may"]
    when: str
    runners: tuple[Runner, ...]
    a: Access
    b: Access
    evidence_a: tuple[Access, ...] = ()
    evidence_b: tuple[Access, ...] = ()
    torn: bool = False


def clashes(one: Profile, other: Profile) -> Iterator[Clash]:
    """Every clash between a call of `one` and a call of `other`; `one is other` compares a tool with itself."""
    itself = one is other
    mine, theirs = one.met, other.met
    for window in one.gaps:
        for write in other.near(window.read, writes=True):
            yield from _some(race(one, other, window, write, first=True))
    if not itself:
        for window in other.gaps:
            for write in one.near(window.read, writes=True):
                yield from _some(race(other, one, window, write, first=False))
    for i, a in enumerate(mine):
        for b in theirs[i:] if itself else other.near(a, writes=a.mode not in WRITES):
            if not itself or ((a.mode in WRITES or b.mode in WRITES) and _near(a, b) and not (is_guess(a) and is_guess(b))):
                yield from _some(meeting(one, other, a, b))
    if not itself:
        yield from upkeep(one, other)


def _some(clash: Clash | None) -> tuple[Clash, ...]:
    return () if clash is None else (clash,)


def _near(a: Access, b: Access) -> bool:
    """A quick look before the keys are compared: one kind, or a free command beside anything."""
    kind, other = a.resource.kind, b.resource.kind
    return kind == other or {kind, other} == PATH_KINDS or "opaque" in (a.operation, b.operation)


# --- races: another call's write inside a window ---------------------------------------------------------------------


def race(victim: Profile, other: Profile, window: Window, write: Access, first: bool) -> Clash | None:
    """The other call's write falls between the victim's read and its dependent write."""
    if _harmless(window, write, victim is other) or _inside(window, write):
        return None
    if not window.same and (victim is not other or not is_like(write, window.write)):
        return None
    if victim is other and window.same and not one_thing(window.read.resource, write.resource):
        return None
    same = meet(window.read, write) if first else meet(write, window.read)
    if same.relation == "never":
        return None
    if same.relation == "may" and victim is other and window.link == "control" and not _said_in_part(window.read, write):
        return None
    runners = biting(victim.tool, other.tool, window.lies, window.write.resource)
    locks, gaps = held_by_both(window, write, same, first)
    runners = left_open(runners, locks, victim.tool.is_async and other.tool.is_async)
    if not runners:
        return None
    ends = (window.read,) if window.read is window.write else (window.read, window.write)
    clash = Clash(
        kind="race",
        code="TA104" if window.link == "control" else "TA101",
        failure="shared-state mutation",
        relation=_relation(same),
        when=_when(same, window.write, write, gaps, first),
        runners=runners,
        a=window.write if first else write,
        b=write if first else window.write,
        evidence_a=ends if first else (write,),
        evidence_b=(write,) if first else ends,
    )
    return replace(clash, evidence_a=ends, evidence_b=ends) if victim is other and is_like(write, window.write) else clash


def _said_in_part(read: Access, write: Access) -> bool:
    """One name with a part that the caller says, below a place that is not known, or a new row that was looked for: of one tool it
    is mostly one place."""
    new = write.operation == "append" and bool({name for name, _ in read.rows} & {name for name, _ in write.rows})
    named = new or any(part.kind == "param" for part in read.resource.key)
    return read.resource == write.resource and named


def _harmless(window: Window, write: Access, itself: bool) -> bool:
    act = window.write.operation
    if act == "send" or (act == "create" and window.write.atomic and window.link == "control"):
        return True
    if window.link == "control" and write.operation in {"append", "send", "increment"} and not (itself and is_like(write, window.write)):
        return True
    return window.link == "control" and itself and act in HARMLESS_ACTS and write.operation in HARMLESS_ACTS


def _inside(window: Window, write: Access) -> bool:
    """What is written lies in a member of the thing that was only looked at: that is there before and after."""
    looked, changed = window.read.resource, write.resource
    if window.link != "control" or changed.kind not in IN_PROCESS or changed.scope != looked.scope:
        return False
    one, other = key_text(looked), key_text(changed)
    if not other.startswith(one):
        return False
    rest = other[len(one) :]
    if one.endswith("]") and (rest[:1] == "." or (rest[:1] == "[" and window.read.operation == "check")):
        return True
    return rest[:1] == "[" and not rest.endswith("]") and "]" in rest


def _relation(same: Overlap) -> Literal["when", "always", "may"]:
    return "always" if same.relation == "always" else ("when" if same.relation == "when" else "may")


def _when(same: Overlap, mine: Access, theirs: Access, gaps: tuple[str, ...], first: bool = True) -> str:
    """`always`, `may` or a condition over the parameters, with the actions under which both accesses happen."""
    a, b = (mine, theirs) if first else (theirs, mine)
    facts = [f"a.{f.parameter} == {f.value!r}" for f in a.when] + [f"b.{f.parameter} == {f.value!r}" for f in b.when]
    conditions = [*(same.conditions if same.relation == "when" else ()), *gaps, *facts]
    if same.relation == "may":
        return "may"
    return " and ".join(dict.fromkeys(conditions)) or "always"


# --- meetings: torn reads, shared handles, and plain order -----------------------------------------------------------


def meeting(one: Profile, other: Profile, a: Access, b: Access) -> Clash | None:
    """How two accesses of whole calls clash; None when they do not."""
    itself = one is other
    same = _reach(a, b)
    if same.relation == "never" and not (same := _listed(a, b)).conditions and not (same := spoken_of(a, b)).conditions:
        return None
    if "opaque" in {a.operation, b.operation}:
        return _opaque(one, other, a, b, same)
    if _handle(a) and _handle(b):
        return _shared_handle(one, other, a, b, same)
    if commute(a, b) or _still_listed(a, b) or (itself and (same.relation == "may" or _equal_calls(one, a, b, same))):
        return None
    torn = None if itself else _torn(one, other, a, b, same)
    return torn or _order(one, other, a, b, same)


def _reach(a: Access, b: Access) -> Overlap:
    """Like `meet`, but a free command reaches files, folders, repositories and the environment too."""
    if a.operation != "opaque" and b.operation != "opaque":
        return meet(a, b)
    for shell, rest in ((a, b), (b, a)):
        if shell.operation == "opaque" and shell.resource.kind == "subprocess" and rest.resource.kind in SHELL_REACH:
            return NEVER if _child(shell) and rest.mode == "r" and rest.resource.kind in OF_THE_PROCESS else Overlap("may")
    found = overlap(a.resource, b.resource)
    if found.relation == "never":
        return Overlap("may") if _of_one_service(a, b) else found
    return Overlap("may", found.conditions, found.pairs)


def _of_one_service(a: Access, b: Access) -> bool:
    """Code that a service is given to run may change whatever else it is asked for."""
    if a.resource.kind != "http" or b.resource.kind != "http" or RUNS not in (a.note, b.note) or not (a.resource.key and b.resource.key):
        return False
    one, other = a.resource.key[0], b.resource.key[0]
    return one.kind == other.kind and one.text.split("/")[:3] == other.text.split("/")[:3]


def _listed(a: Access, b: Access) -> Overlap:
    """A member of a collection that is new, changed or gone, and the same collection listed under another address: `POST /cards` or
    `DELETE /cards/{id}` beside `GET /lists/{id}/cards`."""
    if a.resource.kind != "http" or b.resource.kind != "http" or {a.mode, b.mode} != {"r", "w"}:
        return NEVER
    new, look = (a, b) if a.mode == "w" else (b, a)
    added = new.operation in {"send", "create", "append"}
    collection = _collection(new.resource.key if added else new.resource.key[:-1])
    if not collection or collection != _collection(look.resource.key) or (not added and new.resource.key[-1].kind != "param"):
        return NEVER
    host, other = new.resource.key[0], look.resource.key[0]
    if host.kind != other.kind or host.text.split("/")[:3] != other.text.split("/")[:3]:
        return NEVER
    return Overlap("may", (f"the {'new' if added else 'changed'} one belongs to the {collection} that are listed",))


def _collection(key: tuple[KeyPart, ...]) -> str:
    """The plural that an address ends in."""
    last = key[-1].text.rstrip("/").rpartition("/") if key and key[-1].kind == "literal" else ("", "", "")
    return last[2] if last[1] and last[2].isalpha() and last[2].endswith("s") else ""


def _child(shell: Access) -> bool:
    """A free command runs in a process of its own, free Python in ours."""
    return shell.resource.key[:1] != (KeyPart("literal", "python"),) or len(shell.resource.key) > 1


def _equal_calls(view: Profile, a: Access, b: Access, same: Overlap) -> bool:
    """A tool with itself where the key says everything: two equal calls have one order. A read beside the tool's own write adds nothing
    to what its two writes say, unless they belong to different actions."""
    if a.mode in WRITES and b.mode in WRITES:
        return without_payload(view, same) or (_derived(view, a) and _derived(view, b)) or (_partial(a) and _partial(b))
    return not exclusive(a, b)


def _still_listed(a: Access, b: Access) -> bool:
    """A listing beside a change of a file with a constant name: it is there before and after."""
    for look, write in ((a, b), (b, a)):
        listing = look.operation == "list" or (look.operation == "check" and any(p.kind == "any" for p in look.resource.key))
        if listing and write.operation in {"write", "update", "append"} and write.resource.kind == "file":
            return not any(p.kind in {"param", "fresh", "unknown", "any"} for p in write.resource.key)
    return False


def _partial(write: Access) -> bool:
    """An addition, or one atomic change of a part that can be repeated: two of one tool mostly change different parts."""
    return write.operation in {"append", "send"} or (
        write.operation == "update" and write.repeat == "same" and (write.atomic or bool(write.locks))
    )


def _derived(view: Profile, write: Access) -> bool:
    """A write that starts from what it read: where nothing can come between, no update is lost, whichever call is first."""
    return any(w.write is write and w.same and w.link == "data" for w in view.windows)


def _handle(access: Access) -> bool:
    return access.operation == "session" or (access.resource.kind == "browser" and access.mode in WRITES)


def _shared_handle(one: Profile, other: Profile, a: Access, b: Access, same: Overlap) -> Clash:
    """Two calls drive one connection, page or process-wide stream: neither sees only its own doing."""
    lies = "await" if one.footprint.suspends or other.footprint.suspends else "io"
    runners = biting(one.tool, other.tool, lies, a.resource)
    locks, gaps = held_by_both(a, b, same, True)
    left = left_open(runners, locks, one.tool.is_async and other.tool.is_async)
    if not left:
        return _order(one, other, a, b, same)
    return _clash("race", "TA103", "shared-state mutation", (a, b), same, left, gaps)


def _opaque(one: Profile, other: Profile, a: Access, b: Access, same: Overlap) -> Clash:
    """Free text: it may do anything to what it reaches, in any number of steps."""
    write = a.mode in WRITES and b.mode in WRITES
    resource = a.resource if a.operation == "opaque" else b.resource
    stepwise = not (a.atomic or a.transaction) and resource.kind in {"memory", "session", "browser", "subprocess", "other", "file", "dir"}
    runners = biting(one.tool, other.tool, "await" if one.footprint.suspends else "io", resource)
    locks, gaps = held_by_both(a, b, same, True)
    left = left_open(runners, locks, one.tool.is_async and other.tool.is_async)
    if write and stepwise and a.operation == b.operation and left:
        return _clash("race", "TA101", "shared-state mutation", (a, b), same, left, gaps)
    return _order(one, other, a, b, same)


def _torn(one: Profile, other: Profile, a: Access, b: Access, same: Overlap) -> Clash | None:
    """A reader beside a write that takes several steps: a file truncated and then written, several statements without a transaction."""
    read, write = (a, b) if a.mode not in WRITES else (b, a)
    writer, reader = (other, one) if write is b else (one, other)
    truncated = write.resource.kind in PATH_KINDS and not one_step(write)
    if read.mode in WRITES or read.operation != "read" or not (truncated or several_steps(writer, write)):
        return None
    if not truncated and any(w.read is read for w in reader.windows):
        return None
    runners = biting(writer.tool, reader.tool, "io", write.resource)
    locks, gaps = held_by_both(a, b, same, True)
    left = left_open(runners, locks, one.tool.is_async and other.tool.is_async)
    if not left:
        return None
    return replace(_clash("race", "TA102", "shared-state mutation", (a, b), same, left, gaps), torn=True)


def several_steps(writer: Profile, write: Access) -> bool:
    """Whether the write is one of several statements on one table that no transaction joins."""
    return write.resource.kind == "sql" and any(
        w.resource == write.resource and w.chain != write.chain and not w.transaction and not never_both(w, write) for w in writer.writes
    )


def _order(one: Profile, other: Profile, a: Access, b: Access, same: Overlap) -> Clash:
    """Each call is whole, but the outcome depends on which came first."""
    resource = a.resource if a.mode in WRITES else b.resource
    both = a.mode in WRITES and b.mode in WRITES
    failure: Failure = "shared-state mutation" if both else "timing dependency"
    if not both and resource.kind in IN_PROCESS:
        failure = "context dependency"
    return _clash("order", "TA103" if both else "TA102", failure, (a, b), same, order_runners(one, other, resource), ())


def _clash(
    kind: Literal["race", "order"],
    code: str,
    failure: Failure,
    ends: tuple[Access, Access],
    same: Overlap,
    runners: tuple[Runner, ...],
    gaps: tuple[str, ...],
) -> Clash:
    a, b = ends
    return Clash(kind, code, failure, _relation(same), _when(same, a, b, gaps), runners, a, b)


# --- upkeep: one tool's bookkeeping that another depends on ------------------------------------------------------------


def upkeep(one: Profile, other: Profile) -> Iterator[Clash]:
    """A secondary write (a memo, a marker) that another tool reads for its own sake; and a folder change under relative paths."""
    for mine, theirs, first in ((one, other, True), (other, one, False)):
        for write in mine.upkeep:
            near = theirs.read.near(write)
            if not near or _made_by_each(write, theirs):
                continue
            for read in near:
                a, b = (write, read) if first else (read, write)
                same = meet(a, b)
                if same.relation != "never" and not read.secondary:
                    yield _order(one, other, a, b, same)
        for write in mine.writes:
            if write.resource.kind == "cwd":
                yield from _moved_folder(one, other, write, theirs, first)
            for read in theirs.leaning.near(write) if write.resource.kind in IN_PROCESS else ():
                a, b = (write, read) if first else (read, write)
                same = meet(a, b)
                if same.relation != "never":
                    yield _order(one, other, a, b, same)


def _made_by_each(write: Access, theirs: Profile) -> bool:
    """Whether the other call makes the same thing when it is not there: it depends on nobody for it."""
    return write.secondary in MADE_ANEW and any(w.secondary == write.secondary and w.resource == write.resource for w in theirs.upkeep)


def _moved_folder(one: Profile, other: Profile, write: Access, theirs: Profile, first: bool) -> Iterator[Clash]:
    for access in theirs.reads + theirs.writes:
        if access.resource.kind != "cwd" and any(p.kind == "cwd" for p in access.resource.key):
            ends = (write, access) if first else (access, write)
            place = Resource("cwd", (ANY,))
            yield _clash("order", "TA402", "context dependency", ends, Overlap("always"), order_runners(one, other, place), ())
