"""Footprint → class: what a tool does to state that another call can see, and how sure that is."""

from __future__ import annotations

import re

from toolaudit.model import BEYOND, Access, Confidence, Footprint, Tool, ToolClass, UnknownCall, Verdict
from toolaudit.verdicts.answers import atomic, idempotent, independence_of_one, settle_independence
from toolaudit.verdicts.doubts import weighed
from toolaudit.verdicts.guessed import is_guess
from toolaudit.verdicts.keys import resource_text
from toolaudit.verdicts.profile import WRITES, Profile, Window, Written, is_own, line_at, line_of, never_both, profile, profiles
from toolaudit.verdicts.sections import covers, shared_locks

SHAPES = ("in-place", "check-then-act", "get-or-create", "cursor", "transfer", "write-then-read", "opaque")
HARMLESS = frozenset({"ignored", "unclear"})
"""Consequences of unknown calls that leave the class as it is."""
CREATES = frozenset({"create", "ensure"})
STRONG = frozenset({"proven", "typed", "catalogued"})
# With more accesses than this a walk has met its limits: what is kept stands for more than it says.
CROWDED = 100
HELD = frozenset({"memory", "session", "cwd", "env", "browser"})


def classify(tool: Tool, footprint: Footprint, written: Written | None = None) -> Verdict:
    """The verdict on one tool.

    `written` is what the tools of the whole catalogue write (`profile.written_by`); with it, attributes that nobody writes are
    configuration. Independence needs the catalogue too: `answers.settle_independence` refines it.
    """
    return classify_view(profile(tool, footprint, written))


def classify_view(view: Profile) -> Verdict:
    """The verdict on one tool from what counts of its footprint."""
    tool_class, shape, reason = _class(view)
    return Verdict(
        tool=view.tool.id,
        tool_class=tool_class,
        confidence=_confidence(view, tool_class),
        reason=reason,
        atomic=atomic(view),
        idempotent=idempotent(view),
        independent=independence_of_one(view),
        opaque=shape == "opaque",
        shape=shape,
    )


def classify_all(tools: tuple[Tool, ...], footprints: tuple[Footprint, ...]) -> tuple[Verdict, ...]:
    """The verdicts on a catalogue, in the order of `tools`; a tool without a footprint is `unknown`."""
    return classified(profiles(tools, footprints))


def classified(views: tuple[Profile, ...]) -> tuple[Verdict, ...]:
    """The same, of tools whose profiles are made."""
    return weighed(views, settle_independence(views, tuple(classify_view(view) for view in views)))


def _class(view: Profile) -> tuple[ToolClass, str, str]:
    opaque = _opaque(view)
    if opaque:
        return "read-modify-write", "opaque", opaque
    shaped = [(shape_of(w), w) for w in view.windows if not _makes_room(view, w)]
    if shaped:
        shape, window = min(shaped, key=lambda pair: (SHAPES.index(pair[0]), pair[1].write.order))
        return "read-modify-write", shape, _window_reason(shape, window)
    back = _read_back(view)
    if back is not None:
        return "read-modify-write", "write-then-read", f"changes {resource_text(back.resource)} and reads it back (line {line_of(back)})"
    if view.writes:
        first = view.writes[0]
        return "write-only", "", f"writes {resource_text(first.resource)} (line {line_of(first)}) whatever it held before"
    looks = [read for read in view.reads if read.resource.kind != "env"]  # a setting is not what it is called for
    calls = [c for c in _unresolved(view) if c.consequence == "may-write" or not looks]
    if calls:
        call = calls[0]
        return "unknown", "", f"calls {call.callee} (line {line_at(call.place)}), which could not be resolved and may write"
    if view.reads:
        first = (looks or view.reads)[0]
        return "read-only", "", f"reads {resource_text(first.resource)} (line {line_of(first)}) and writes nothing"
    if view.footprint.unknown_calls:
        call = view.footprint.unknown_calls[0]
        return (
            "unknown",
            "",
            f"calls {call.callee} (line {line_at(call.place)}), which could not be resolved, and nothing else is known of it",
        )
    return "pure", "", "touches no state that another call can see"


def _makes_room(view: Profile, window: Window) -> bool:
    """A folder made if it is absent, on the way to the file that the tool is about."""
    return window.write.resource.kind == "dir" and window.write.operation in CREATES and any(a.resource.kind == "file" for a in view.writes)


def _opaque(view: Profile) -> str:
    for access in view.primary:
        if access.operation == "opaque":
            return f"runs {view.footprint.opaque or 'free code'} (line {line_of(access)}): it may read and write anything"
    return f"runs {view.footprint.opaque}: it may read and write anything" if view.footprint.opaque else ""


def shape_of(window: Window) -> str:
    """The shape of one read-modify-write: in-place, check-then-act, get-or-create, cursor or transfer."""
    if window.write.operation == "consume":
        return "cursor"
    if window.link == "control":
        return "get-or-create" if window.same and window.write.operation in CREATES else "check-then-act"
    return "in-place" if window.same else "transfer"


def _window_reason(shape: str, window: Window) -> str:
    read, write = resource_text(window.read.resource), resource_text(window.write.resource)
    at = line_of(window.read), line_of(window.write)
    if window.read is window.write:
        return f"{window.write.operation}s {write} in one operation (line {at[1]})"
    if shape in {"check-then-act", "get-or-create"}:
        return f"checks {read} (line {at[0]}) before it {_verb(window.write)} {write} (line {at[1]})"
    if shape == "transfer":
        return f"writes {write} (line {at[1]}) with what it read from {read} (line {at[0]})"
    if window.read.mode == "w":
        return f"deletes {read} (line {at[0]}) and makes it anew (line {at[1]})"
    return f"reads {read} (line {at[0]}) and writes it back (line {at[1]})"


def _verb(access: Access) -> str:
    verbs = {"delete": "deletes", "create": "creates", "ensure": "creates", "append": "appends to", "rename": "renames", "send": "sends to"}
    return verbs.get(access.operation, "writes")


def _read_back(view: Profile) -> Access | None:
    """A read of shared state that the same call has changed before, and that another one may have changed since."""
    for read in view.reads:
        if read.operation == "read" and read.resource.kind in HELD:
            for write in view.writes:
                held = any(covers(lock, "threads") for lock in shared_locks(read, write))
                if write.resource == read.resource and write.order < read.order and not held and not never_both(read, write):
                    return read
    return None


def _unresolved(view: Profile) -> list[UnknownCall]:
    return [c for c in view.footprint.unknown_calls if c.consequence not in HARMLESS]


def _unclear(view: Profile) -> bool:
    return any(call.consequence == "unclear" for call in view.footprint.unknown_calls)


def _guessed_free(view: Profile, tool_class: ToolClass) -> bool:
    """It is read-modify-write only because something free is run, of which no argument of the tool is the text."""
    free = [a for a in view.writes if a.operation == "opaque"]
    if tool_class != "read-modify-write" or not free or any(part.kind == "param" for a in free for part in a.resource.key):
        return False
    if all(a.resource.kind == "sql" for a in free):  # a statement that was not read; free code and commands are known to be free
        return not any("opaque" not in (w.read.operation, w.write.operation) for w in view.windows)
    turned = not _takes_text(view)
    return all(a.operation == "opaque" or (turned and _own_output(a)) for a in view.writes)


def _takes_text(view: Profile) -> bool:
    """Whether an argument of the tool can be the text that is run."""
    return any(p.annotation is None or re.search(r"\b(str|Any|dict|Dict|list|List)\b|^$", p.annotation) for p in view.tool.parameters)


def _own_output(access: Access) -> bool:
    """Where the program prints to, turned aside while the code runs."""
    return access.resource.kind == "other" and [part.text for part in access.resource.key] in (["stdout"], ["stderr"])


def _stands_for_more(access: Access) -> bool:
    """What a walk kept for all that it met past its limits."""
    return any(part.kind == "unknown" and part.text == BEYOND for part in access.resource.key)


def _beside_the_point(view: Profile, windows: list[Window]) -> bool:
    """Only what an object keeps for itself is read and written back, while what the tool asks of others was not understood."""
    own = all(
        end.resource.kind == "memory" and end.resource.key[:1] and end.resource.key[0].kind == "self"
        for w in windows
        for end in (w.read, w.write)
    )
    outside = any(access.resource.kind not in HELD or access.resource.kind == "browser" for access in view.primary)
    return own and outside and any(call.reason == "not-in-catalogue" for call in view.footprint.unknown_calls)


def _confidence(view: Profile, tool_class: ToolClass) -> Confidence:
    """High: everything was understood. Medium: the class stands on what was seen. Low: it may be another."""
    counted = view.primary
    weak = [a for a in counted if a.confidence not in STRONG]
    unresolved = _unresolved(view)
    if tool_class == "unknown":
        return "low"
    if len(counted) > CROWDED or _guessed_free(view, tool_class) or any(_stands_for_more(a) for a in counted):
        return "medium"
    if tool_class in {"pure", "read-only"}:
        guesses = [a for a in view.secondary if not a.secondary and is_guess(a) and not is_own(a)]
        if unresolved or any(a.mode in WRITES for a in guesses):
            return "low"
        return "medium" if weak or guesses or _unclear(view) else "high"
    if tool_class == "write-only":
        deciding = list(view.writes)
        sure = any(a.confidence in STRONG for a in deciding)
        return "low" if not sure else ("medium" if unresolved or weak else "high")
    ends = [a for w in view.windows for a in (w.read, w.write)] or [a for a in counted if a.operation == "opaque"]
    proven = [w for w in view.windows if w.read.confidence in STRONG and w.write.confidence in STRONG]
    if not ends or proven:
        free = [a for a in counted if a.operation == "opaque"]  # of a program that the code does not say
        guessed = (view.footprint.opaque and not counted) or (bool(free) and all(a in weak for a in free))
        guessed = guessed or (bool(proven) and _beside_the_point(view, proven))
        return "medium" if guessed else "high"
    return "high" if all(a.confidence in STRONG for a in ends) else "low"
