"""Bookkeeping told from effects: memos, lazy initialisation, unique temporary files, folders ensured."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from toolaudit.effects.edits import accumulates
from toolaudit.effects.frame import Effect
from toolaudit.effects.keys import loc_parts
from toolaudit.effects.upkeep import helpers, is_upkeep
from toolaudit.effects.values import Loc
from toolaudit.model import Resource

_MEMO = re.compile(r"cache|memo(?!r)|lru|_seen_|warned|logged$|_once$|validated|_snapshot$|fingerprint", re.IGNORECASE)
_LAZY = re.compile(
    r"client|session$|conn|connection|engine|pool|model|instance|singleton|service|api|driver|loaded|init|ready|lock|embed|encoder|"
    r"tokenizer|parser|token|credential|creds|auth|schema|resource|metadata|started|setup|page|browser|registry|config",
    re.IGNORECASE,
)
_STATISTICS = re.compile(
    r"(^|_)(stats?|statistics|metrics?|counters?|telemetry|usage|last_used|last_access(ed)?|call_count|hits|misses|history_log)($|_)"
)
_RECORDS = re.compile(r"(^|_)(operations|operations?_log|call_log|audit_(log|trail)|tool_calls|action_log)$")
_CONNECTION = re.compile(
    r"(^|[._])(_?(client|pool|conn|connection|engine|service|token|access_token|credentials?|creds|is_valid|is_connected|connected|initialized|"
    r"is_initialized|ready|last_error|connection_url|http_session|driver))$"
)
_CLIENTS = re.compile(r"(^|_)(clients|connections|conns|engines|pools|drivers)$")
_VERBOSITY = re.compile(
    r"(^|_)(debug|verbose|verbosity|log_level|loglevel|debug_(on|mode|level|enabled)|is_debug|quiet_mode)$", re.IGNORECASE
)
_CLOCKS = re.compile(r"last_(request|call|fetch|started|run|used|seen|refresh|update)(_?time|_?at|_?ts)?$")
_CACHING = re.compile(r"(^|_)(cache|cached|caching|memo|memoize)(_|$)")
_SIGNS_IN = re.compile(
    r"(^|_)(auth|oauth2?|authenticate|authorize|creds|credentials?|access_token|refresh_token|login|log_in|sign_?in)(_|$)|"
    r"(^|_)(get|load|save|store|refresh|fetch|ensure|read|write|cache|persist|renew)_tokens?(_|$)"
)
_SECRETS = re.compile(r"token|credential|oauth", re.IGNORECASE)


def mark(effects: Sequence[Effect], tool: str) -> list[Effect]:
    """The effects, each with why it does not count, where it does not."""
    out = [_marked(effects, index, effect, tool) for index, effect in enumerate(effects)]
    for effect in effects:
        for index in _folder_checks(effects, effect):
            out[index] = replace(effects[index], secondary="ensure-folder")
    for index in _kind_checks(effects):
        out[index] = replace(effects[index], secondary="kind-check")
    out = _beside(effects, out)
    return out if any(not effect.secondary for effect in out if "w" in effect.mode) else _purpose(effects, out)


def _purpose(effects: Sequence[Effect], marked: list[Effect]) -> list[Effect]:
    """A counter, a log or a folder that is all that the tool changes, and that it looks at, is what the tool is for."""
    if all(_of_folder(effect) for effect in marked):
        return [replace(effect, secondary="") for effect in marked]
    alone = all(isinstance(effect.target, Loc) for effect in effects)
    return list(effects) if alone and all(effect.secondary in ("", "telemetry") for effect in marked) else marked


def _of_folder(effect: Effect) -> bool:
    return effect.secondary == "ensure-folder" and isinstance(effect.target, Resource) and any(p.kind == "param" for p in effect.target.key)


def _kind_checks(effects: Sequence[Effect]) -> list[int]:
    """The checks that only choose how the same is done to a path: `if p.is_dir(): p.rmdir() else: p.unlink()`."""
    found: list[int] = []
    for folder in effects:
        if folder.op != "delete" or not isinstance(folder.target, Resource) or folder.target.kind != "dir":
            continue
        for file in effects:
            if file.op == "delete" and isinstance(file.target, Resource) and file.target.kind == "file" and _same_path(file, folder.target):
                both = sorted(i for i in folder.control & file.control if isinstance(i, int) and i < len(effects))
                checks = [i for i in both if effects[i].op == "check" and _same_path(effects[i], folder.target)]
                found += checks[-1:]
    return found


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
            and any(isinstance(i, int) and i < len(effects) and effects[i].target == memo for i in effect.control & control)
            for function, memo, control in memos
        )

    return [replace(e, secondary="memo") if e.op == "write" and not e.secondary and kept(e) else e for e in marked]


def _folder_checks(effects: Sequence[Effect], effect: Effect) -> list[int]:
    """The checks that guard the making of the same folder: `if not exists(d): makedirs(d)`."""
    target = effect.target
    if not isinstance(target, Resource) or target.kind != "dir" or effect.op not in ("create", "ensure"):
        return []
    found = sorted(i for i in effect.control if isinstance(i, int) and i < len(effects))
    return [i for i in found if effects[i].op == "check" and _same_path(effects[i], target)]


def _same_path(effect: Effect, target: Resource) -> bool:
    other = effect.target
    return isinstance(other, Resource) and other.kind in ("file", "dir") and other.key == target.key


def _marked(effects: Sequence[Effect], index: int, effect: Effect, tool: str) -> Effect:
    if not effect.secondary and _signs_in(effect, tool):
        return replace(effect, secondary="lazy-init")
    if effect.secondary or "w" not in effect.mode:
        return effect
    if is_upkeep(effect, tool):
        return replace(effect, secondary="lazy-init")
    target = effect.target
    if isinstance(target, Loc):
        why = _memory(effects, index, effect, target)
        return replace(effect, secondary=why) if why else effect
    if target.kind == "dir" and (effect.op == "ensure" or (effect.op == "create" and _folder_checks(effects, effect))):
        return replace(effect, secondary="ensure-folder")
    if target.kind in ("file", "dir") and effect.op == "update" and _rights_of_folder(effects, target):
        return replace(effect, secondary="ensure-folder")
    if target.kind in ("file", "dir") and _kept_for_itself(effect, target):
        return replace(effect, secondary="memo")
    if target.kind == "file" and _opened_to_lock(effects, target):
        return replace(effect, secondary="lock-file")
    if target.kind in ("file", "dir") and any(part.kind == "fresh" and part.text == "temporary" for part in target.key):
        return replace(effect, secondary="unique-temporary")
    return effect


def _opened_to_lock(effects: Sequence[Effect], target: Resource) -> bool:
    """A file that is a lock on something: it is held while other effects happen, and nothing is written into it."""
    held = any(lock.name == "flock" and lock.key == target.key for effect in effects for lock in effect.locks)
    return held and not any(e.op == "update" and e.target == target for e in effects)


def _signs_in(effect: Effect, tool: str) -> bool:
    """Part of getting, keeping or renewing the program's own credentials, on the way to what the tool is for."""
    entry = [place.function.rsplit(".", 1)[-1] for place in effect.chain[:2]]
    return any(_SIGNS_IN.search(name) for name in helpers(effect, tool)) and not any(_SIGNS_IN.search(name) for name in entry)


def _rights_of_folder(effects: Sequence[Effect], target: Resource) -> bool:
    """The rights of a folder that the call has just ensured."""
    return any(
        e.op == "ensure" and isinstance(e.target, Resource) and e.target.kind == "dir" and e.target.key == target.key for e in effects
    )


def _kept_for_itself(effect: Effect, target: Resource) -> bool:
    """A file that a function for caching writes, or one that holds the program's own credentials."""
    if any(_CACHING.search(place.function.rsplit(".", 1)[-1]) for place in effect.chain[2:]):
        return True
    own = not any(part.kind == "param" for part in target.key)
    return own and any(part.kind in ("literal", "self", "global") and _SECRETS.search(part.text) for part in target.key)


def _memory(effects: Sequence[Effect], index: int, effect: Effect, target: Loc) -> str:
    name = _name(target)
    own = [i for i in effect.data if isinstance(i, int) and i < len(effects) and effects[i].target == target]
    derives = bool(own)
    counts = effect.op == "increment" or any(accumulates(i, effect.data, effect.control) for i in own)
    if _MEMO.search(name) and not counts:  # a count kept in a cache is lost as any other; dropping its oldest entries is upkeep
        return "memo"
    if _of_records(effect, target):
        return "telemetry"
    if _STATISTICS.search(name) or _CLOCKS.search(name) or _VERBOSITY.search(name):
        return "telemetry"
    if effect.op == "write" and not any(isinstance(step, tuple) for step in target.path) and _CONNECTION.search(name):
        return "lazy-init"
    checks = [
        i for i in effect.control if isinstance(i, int) and i < len(effects) and effects[i].target == target and "r" in effects[i].mode
    ]
    if any(not isinstance(step, str) for step in target.path):
        kept = target.root == "self" and _CLIENTS.search(name)  # of a global store the members are not followed, so its reads must count
        return "memo" if kept and checks and not derives and effect.op == "write" else ""
    if checks and not derives and effect.op == "write" and (_LAZY.search(name) or any(effects[i].op == "check" for i in checks)):
        return "lazy-init"
    return ""


def _of_records(effect: Effect, target: Loc) -> bool:
    """A record of what was called, kept under a constant name in a framework's state."""
    last = target.path[-1] if target.path else ""
    text = last if isinstance(last, str) else "".join(part.text for part in last if part.kind == "literal")
    return target.root == "state" and effect.op in ("append", "write") and bool(_RECORDS.search(text.strip("[]'\"")))


def _name(target: Loc) -> str:
    return "".join(
        part.text for part in loc_parts(Loc(target.root, target.name, target.scope, tuple(s for s in target.path if isinstance(s, str))))
    )
