"""Bookkeeping told from effects: memos, lazy initialisation, unique temporary files, folders ensured."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from toolaudit.effects.edits import CLIENT, RECORD, accumulates
from toolaudit.effects.emptied import LET_GO
from toolaudit.effects.folders import folder_checks, kind_checks, opened_to_lock, rights_of_folder
from toolaudit.effects.frame import Effect
from toolaudit.effects.kept_in_session import CACHING, CLOCKS, kept_for_session
from toolaudit.effects.keys import loc_parts
from toolaudit.effects.lazily import (
    again_made,
    container_ensured,
    containers_made,
    file_made_where_missing,
    finding,
    is_switch,
    loaded_anew,
    made_under_constant,
    made_where_missing,
    renewed,
    shown,
    unsure,
)
from toolaudit.effects.locks import name_of
from toolaudit.effects.purposes import (
    TAKEN_AWAY,
    asked_for,
    asked_of,
    empties,
    given,
    is_called_for,
    is_loaded,
    is_reloaded,
    is_setting,
    items_of,
    key_of,
    leave_asked,
    of_key_alone,
    puts,
    same_store,
    says_what,
    told,
    told_after,
)
from toolaudit.effects.rebound import USED
from toolaudit.effects.signing_in import signs_in
from toolaudit.effects.temporaries import is_temporary
from toolaudit.effects.upkeep import (
    around,
    helpers,
    is_own,
    is_upkeep,
    makes_ready,
    migrates,
    of_calls,
    records,
    sets_up,
    starts,
    subscribes,
)
from toolaudit.effects.values import Loc
from toolaudit.effects.wording import ASKS, said_by
from toolaudit.model import Resource

_MEMO = re.compile(r"cache|memo(?!r)|lru|_seen_|warned|logged$|_once$|validated|_snapshot$|fingerprint", re.IGNORECASE)
_LAZY = re.compile(
    r"client|session$|conn|connection|engine|pool|model|instance|singleton|service|api|driver|loaded|init|ready|lock|embed|encoder|"
    r"tokenizer|parser|token|credential|creds|auth|schema|resource|metadata|started|setup|page|browser|registry|config",
    re.IGNORECASE,
)
_STATISTICS = re.compile(
    r"(^|_)(stats?|statistics|metrics?|counters?|telemetry|usage|last_used|last_access(ed)?|call_count|hits|misses|history_log|traces)($|_)"
)
_LEASES = re.compile(r"(^|_)(ref_?counts?|refs|leases?|in_?flight|in_use|active_(users|calls|requests|connections|leases)|users_count)$")
_RECORDS = re.compile(r"(^|_)(operations|operations?_log|call_log|audit_(log|trail)|tool_calls|action_log)$")
_CACHES = re.compile(r"(Cache(Service|Manager|Store|Storage|Backend|Layer|Handler)?|Memoizer)$")
_SIZES = re.compile(r"(^|[._])(size|bytes|entries|items|used|count|total|length|weight)($|_)")
_IDLE = re.compile(r"(^|[._])(idle|free|spare|pooled|available)_(https?|conns?|connections?|clients?|sessions?|sockets?|channels?)$")
_CONNECTION = re.compile(
    r"(^|[._])(_?(client|pool|conn|connection|engine|service|token|access_token|credentials?|creds|is_valid|is_connected|connected|initialized|"
    r"is_initialized|ready|last_error|connection_url|http_session|driver))$"
)
_CLIENTS = re.compile(r"(^|_)(clients|connections|conns|engines|pools|drivers)$")
_SESSIONS = re.compile(
    r"(^|_)(sessions|interpreters|browsers|kernels|sandboxes|contexts|managers|services|(session|sandbox|browser|kernel)_ids)$"
)
_SESSION = re.compile(r"(^|_)(session|interpreter|browser|kernel|sandbox)$")
_VERBOSITY = re.compile(
    r"(^|_)(debug|verbose|verbosity|log_level|loglevel|debug_(on|mode|level|enabled)|is_debug|quiet_mode)$", re.IGNORECASE
)
_LAST = re.compile(r"(^|[._])_?last_[a-z]\w*$")
_SECRETS = re.compile(r"token|credential|oauth", re.IGNORECASE)


def mark(effects: Sequence[Effect], tool: str, function: str = "") -> list[Effect]:
    """The effects, each with why it does not count, where it does not."""
    beside = around(effects, function)
    effects = [replace(one, secondary=one.secondary or "telemetry") if i in beside else one for i, one in enumerate(effects)]
    out = _kept_locks([unsure(effects, _marked(effects, index, effect, tool), tool) for index, effect in enumerate(effects)])
    for effect in effects:
        for index in folder_checks(effects, effect):
            out[index] = replace(effects[index], secondary="ensure-folder")
    for index in containers_made(effects, tool) | {i for i in range(len(effects)) if container_ensured(effects, i)}:
        out[index] = replace(effects[index], secondary=effects[index].secondary or "lazy-init")
    for index in (*kind_checks(effects), *finding(effects)):
        out[index] = replace(effects[index], secondary="kind-check")
    for index in leave_asked(effects):
        out[index] = replace(effects[index], secondary="probe")
    out = again_made(_looked_up(renewed(_while_made(effects, _beside(effects, out)))))
    return out if any(not effect.secondary for effect in out if "w" in effect.mode) else _purpose(effects, shown(effects, out), tool)


def _looked_up(marked: list[Effect]) -> list[Effect]:
    """A memo that is filled where it holds nothing yet is looked up for speed alone: whether another call empties it changes no answer. Where
    a change depends on what it holds, it is more than a memo."""
    decides = {i for e in marked if "w" in e.mode and not e.secondary for i in (*items_of(e.control, marked), *items_of(e.data, marked))}
    filled = [e for e in marked if e.secondary == "memo" and e.op == "write" and isinstance(e.target, Loc)]
    memos = [e.target for e in filled if any(marked[i].target == e.target for i in items_of(e.control, marked))]
    memos = [target for target in memos if not any(marked[i].target == target for i in decides)]
    return [replace(e, secondary="memo") if e.mode == "r" and e.target in memos else e for e in marked]


def _kept_locks(effects: list[Effect]) -> list[Effect]:
    """A lock that is put where the call takes it from is there for what it guards; so is what its function counts under another lock."""
    held = {lock.name for effect in effects for lock in effect.locks}

    def kept(effect: Effect) -> bool:
        target = effect.target
        guarded = effect.op not in TAKEN_AWAY or bool(effect.locks)
        return "w" in effect.mode and guarded and isinstance(target, Loc) and name_of(target) in held

    counting = {effect.chain[-1].function for effect in effects if held and effect.locks and effect.op == "write" and kept(effect)}

    def counted(effect: Effect) -> bool:
        target = effect.target
        if effect.chain[-1].function not in counting or not effect.locks or not isinstance(target, Loc):
            return False
        goes_on = any(same_store(effects[i].target, target) for i in items_of(effect.data, effects))
        return effect.mode == "r" or effect.op in ("increment", *TAKEN_AWAY) or goes_on

    return [replace(effect, secondary="lazy-init") if held and (kept(effect) or counted(effect)) else effect for effect in effects]


def _purpose(effects: Sequence[Effect], marked: list[Effect], tool: str) -> list[Effect]:
    """A counter, a log or a folder that is all that the tool changes, and that it looks at, is what the tool is for; so is a memo that it only
    empties, and a connection that it opens or drops itself."""
    outside = [effect for effect in marked if "w" in effect.mode or isinstance(effect.target, Resource)]
    folders = {effect.chain for effect in outside if _of_folder(effect)}  # a path may be one of several
    if (folders and all(effect.chain in folders for effect in outside)) or (marked and all(is_setting(effect, tool) for effect in marked)):
        return [replace(effect, secondary="") for effect in marked]
    alone = all(isinstance(effect.target, Loc) or effect.op in ("session", "check") for effect in effects)
    if alone and all(effect.secondary in ("", "telemetry") for effect in marked):
        return list(effects)
    if all(effect.secondary for effect in marked) and any(is_called_for(effect, tool) for effect in marked):
        return [replace(effect, secondary="") if isinstance(effect.target, Resource) else effect for effect in marked]
    for own in (is_reloaded, is_loaded):
        on_the_way = [(e.chain[-2:], e.target) for e in marked if e.secondary and "w" in e.mode and not own(e, tool)]
        asked = [own(effect, tool) and (effect.chain[-2:], effect.target) not in on_the_way for effect in marked]
        if any(asked):
            return [replace(effect, secondary="") if one else effect for effect, one in zip(marked, asked, strict=True)]
    written = [effect for effect in marked if "w" in effect.mode]
    if alone and written and all(empties(effect) or puts(effects, effect) for effect in written):
        return list(effects)
    if alone and any(is_switch(marked, index, tool) for index in range(len(marked))):
        return [replace(e, secondary="") if e.secondary == "lazy-init" and isinstance(e.target, Loc) else e for e in marked]
    made = [e.target for e in marked if e.secondary == "lazy-init" and "w" in e.mode and isinstance(e.target, Loc)]
    if alone and any(_own_connection(e, tool) for e in marked) and all(is_connection(at) or is_handle(at) for at in made):
        return [replace(e, secondary="") if isinstance(e.target, Loc) and is_own(e, tool) else e for e in marked]
    return marked


def _own_connection(effect: Effect, tool: str) -> bool:
    if effect.secondary != "lazy-init" or "w" not in effect.mode or not isinstance(effect.target, Loc):
        return False
    return (is_connection(effect.target) or is_handle(effect.target)) and is_own(effect, tool)


def _while_made(effects: Sequence[Effect], marked: list[Effect]) -> list[Effect]:
    """What a helper reads, or settles in the process, only because the thing that it makes is not there yet is part of making it."""
    made = [
        (e.chain[-1].function, len(e.chain), [i for i in items_of(e.control, effects) if effects[i].target == e.target])
        for e in marked
        if e.secondary == "lazy-init" and "w" in e.mode and isinstance(e.target, Loc) and len(e.chain) > 2 and e.note != LET_GO
    ]

    def part(effect: Effect) -> bool:
        assigned = isinstance(effect.target, Loc) and effect.target.root in ("self", "global") and effect.op == "write"
        settles = (
            effect.mode == "r"
            or assigned
            or (isinstance(effect.target, Resource) and effect.target.kind in ("env", "other", "subprocess", "browser"))
        )
        settles |= isinstance(effect.target, Resource) and any(p.function.endswith(".__init__") for p in effect.chain[2:])
        asked = isinstance(effect.target, Resource) and effect.target.kind in ("sql", "redis")  # by what was made, unless to set it up
        settles &= not asked or makes_ready(effect.chain[-1].function.rpartition(".")[2])
        settles |= asked and (effect.op == "ensure" or any(starts(place.function) for place in effect.chain[2:]))
        if effect.secondary or not settles or any(p.kind == "param" for p in key_of(effect)):
            return False
        return any(
            len(effect.chain) >= depth and effect.chain[depth - 1].function == function and effect.control.intersection(checks)
            for function, depth, checks in made
        )

    return [replace(e, secondary="lazy-init") if made and part(e) else e for e in marked]


def _of_folder(effect: Effect) -> bool:
    return effect.secondary == "ensure-folder" and isinstance(effect.target, Resource) and any(p.kind == "param" for p in effect.target.key)


def _beside(effects: Sequence[Effect], marked: list[Effect]) -> list[Effect]:
    """What is made again together with a memo that says of what it was made is part of that memo: one function, one look decides on both."""
    memos = [
        (e.chain[-1].function, e.target, e.control)
        for e in marked
        if e.secondary == "memo" and isinstance(e.target, Loc) and e.op == "write"
    ]

    def kept(effect: Effect) -> bool:
        target = effect.target
        return isinstance(target, Loc) and any(
            effect.chain[-1].function == function
            and (target.root, target.scope) == (memo.root, memo.scope)
            and any(effects[i].target == memo or _stamped(effects[i], effect) for i in items_of(effect.control & control, effects))
            for function, memo, control in memos
        )

    return [replace(e, secondary="memo") if e.op == "write" and not e.secondary and kept(e) else e for e in marked]


def _stamped(look: Effect, effect: Effect) -> bool:
    """A look at when something was kept led to that being noted anew."""
    return look.target == effect.target and not effect.data


def _marked(effects: Sequence[Effect], index: int, effect: Effect, tool: str) -> Effect:
    if not effect.secondary and (signs_in(effect, tool) or subscribes(effect, tool)):
        return replace(effect, secondary="lazy-init")
    if effect.secondary:
        return effect
    if is_temporary(effect.target):
        return replace(effect, secondary="unique-temporary")
    if "w" not in effect.mode:
        return effect
    if (is_upkeep(effect, tool) and not says_what(effects, effect)) or sets_up(effect) or migrates(effects, effect):
        return replace(effect, secondary="lazy-init")
    if why := records(effect, tool):
        return replace(effect, secondary=why)
    target = effect.target
    if isinstance(target, Loc):
        why = _memory(effects, effect, target, tool)
        return replace(effect, secondary=why) if why and (why == "telemetry" or not asked_for(effects, effect, target)) else effect
    if target.kind == "dir" and (effect.op == "ensure" or (effect.op == "create" and folder_checks(effects, effect))):
        return replace(effect, secondary="ensure-folder")
    if target.kind in ("file", "dir") and effect.op == "update" and rights_of_folder(effects, target):
        return replace(effect, secondary="ensure-folder")
    if target.kind == "session" and kept_for_session(effects, effect):
        return replace(effect, secondary="memo")
    if target.kind in ("file", "dir") and _kept_for_itself(effects, effect, target):
        return replace(effect, secondary="memo")
    if file_made_where_missing(effects, index, tool):
        return replace(effect, secondary="lazy-init")
    if target.kind == "file" and opened_to_lock(effects, target):
        return replace(effect, secondary="lock-file")
    return effect


def _kept_for_itself(effects: Sequence[Effect], effect: Effect, target: Resource) -> bool:
    """A file that a function for caching writes, or one that holds the program's own credentials."""
    if any(CACHING.search(place.function.rsplit(".", 1)[-1]) for place in effect.chain[2:]):
        return True
    owners = {place.function.rpartition(".")[0].rpartition(".")[2] for place in effect.chain[2:]}
    if any(_CACHES.search(owner) and not asked_of(effect, owner) for owner in owners):
        return True
    own = not any(part.kind == "param" for part in target.key) and not told(effects, effect)
    return own and any(part.kind in ("literal", "self", "global") and _SECRETS.search(part.text) for part in target.key)


def _memory(effects: Sequence[Effect], effect: Effect, target: Loc, tool: str) -> str:
    name = _name(target)
    own = [i for i in effect.data if isinstance(i, int) and i < len(effects) and effects[i].target == target]
    derives = bool(own)
    ensured = effect.op == "ensure"  # what stands there stays as it is
    counts = effect.op == "increment" or (not ensured and any(accumulates(i, effect.data, effect.control) for i in own))
    owner = target.scope.rpartition("::")[2].rpartition(".")[2] if target.root == "self" else ""
    if of_calls(owner, name, effect.op, bool(helpers(effect, tool))):
        return "telemetry"
    if _CACHES.search(owner) and (not counts or _SIZES.search(name)) and not asked_of(effect, owner):
        return "memo"
    if _MEMO.search(name) and not counts:  # a count kept in a cache is lost as any other; dropping its oldest entries is upkeep
        return "memo"
    if _of_records(effect, target) or (effect.op == "increment" and effect.locks and _LEASES.search(name)):
        return "telemetry"
    if loaded_anew(effects, effect, target, tool):
        return "memo"
    if (_STATISTICS.search(name) and not _names_others(effects, target)) or CLOCKS.search(name) or _VERBOSITY.search(name):
        return "telemetry"
    if effect.op == "write" and _LAST.search(name) and said_by(tool) == ASKS and told_after(effects, effect):
        return "telemetry"
    looks = [i for i in items_of(effect.control, effects) if effects[i].target == target and "r" in effects[i].mode]
    checks = [i for i in looks if effects[i].note != USED]
    if _IDLE.search(name) and helpers(effect, tool):
        return "lazy-init"
    if effect.op == "write" and is_connection(target):
        named = given(effect) and effect.note != CLIENT and not items_of(effect.data, effects)
        return "" if named else "lazy-init"  # a connection to what the caller names is not made on the way
    if any(not isinstance(step, str) for step in target.path):
        sessions = _SESSIONS.search(name) or (_SESSION.search(name) and not given(effect))
        met = _CLIENTS.search(name) or (helpers(effect, tool) and sessions and effect.note != RECORD)
        handle = _made_for_key(effect, target, tool)
        kept = handle or (
            met and target.root in ("self", "state")
        )  # of a global store the members are not followed, so its reads must count
        looked = checks or [
            i for i in items_of(effect.control, effects) if same_store(effects[i].target, target) or (met and _of_owner(effects[i], target))
        ]
        leased = derives and not counts and bool(helpers(effect, tool)) and _is_session_of_key(effect, target)
        if kept and looked and (not derives or leased) and effect.op == "write":
            return "memo"
        if kept and _CLIENTS.search(name) and effect.op in TAKEN_AWAY and helpers(effect, tool) and of_key_alone(effect):
            return "lazy-init"  # one that does not answer any more: the next call makes another
        if not made_under_constant(effect, target, tool):
            return ""
        whole = [i for i in items_of(effect.control, effects) if effects[i].op == "check" and same_store(effects[i].target, target)]
        checks = checks or whole  # `if not TOOLS: TOOLS["search"] = Search()`
    if checks and not derives and effect.op == "write" and (_LAZY.search(name) or made_where_missing(effects, effect, checks, tool)):
        return "lazy-init"
    return ""


def _of_owner(look: Effect, target: Loc) -> bool:
    """A look of the same object whether it has one of them in use already: `if self._recent is None: self.new()`."""
    place = look.target
    return look.op == "check" and isinstance(place, Loc) and (place.root, place.scope) == (target.root, target.scope)


def _is_session_of_key(effect: Effect, target: Loc) -> bool:
    """The entry of a store of sessions is put back by a helper that marks it as taken or given back: nothing of the caller's goes into it."""
    return bool(_SESSIONS.search(_name(target))) and effect.note != RECORD and of_key_alone(effect)


def _made_for_key(effect: Effect, target: Loc, tool: str) -> bool:
    """A helper keeps a library's object under a key that says all that the object was made of."""
    return effect.note == CLIENT and bool(helpers(effect, tool)) and of_key_alone(effect)


def _names_others(effects: Sequence[Effect], target: Loc) -> bool:
    """A count from which what the call stores gets its name: two calls that count alike store in one place."""
    last = next((step for step in reversed(target.path) if isinstance(step, str)), "")
    named = re.compile(rf"(^|\.){re.escape(last)}($|\[)")
    return bool(last) and any(
        "w" in e.mode and e.target != target and any(part.kind in PLACES and named.search(part.text) for part in key_of(e)) for e in effects
    )


PLACES = frozenset({"self", "cell", "global", "state"})


def is_connection(target: Loc) -> bool:
    """A place that holds a client, or says whether it is connected."""
    return not any(isinstance(step, tuple) for step in target.path) and bool(_CONNECTION.search(_name(target)))


def is_handle(target: Loc) -> bool:
    """A place in a store of sessions or clients, by name."""
    names = [step for step in target.path if isinstance(step, str)] or [target.name]
    last = names[-1]
    return bool(target.path) and isinstance(target.path[-1], tuple) and bool(_CLIENTS.search(last) or _SESSIONS.search(last))


def _of_records(effect: Effect, target: Loc) -> bool:
    """A record of what was called, kept under a constant name in a framework's state."""
    last = target.path[-1] if target.path else ""
    text = last if isinstance(last, str) else "".join(part.text for part in last if part.kind == "literal")
    return target.root == "state" and effect.op in ("append", "write") and bool(_RECORDS.search(text.strip("[]'\"")))


def _name(target: Loc) -> str:
    return "".join(
        part.text for part in loc_parts(Loc(target.root, target.name, target.scope, tuple(s for s in target.path if isinstance(s, str))))
    )
