"""What a tool's helpers do to be ready: a configuration brought up to date, a token refreshed, a schema or client made."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolaudit.effects.frame import Effect
from toolaudit.effects.keys import ANY
from toolaudit.effects.values import MARKS, Loc

_READY = re.compile(
    r"^_*(?:a|async_)?(?:"
    r"(?:load|get|resolve|ensure|init|initiali[sz]e|connect|setup|set_up|open|prepare|build|make|refresh|migrate)(?:_\w+)?_"
    r"(?:config|configuration|settings|creds?|credentials|tokens?|clients?|conn|connection|engine|pool|service|tables?|schema|database|db|auth|"
    r"dependencies|modules?|models?)"
    r"|ensure_(?:\w+_)?(?:synced|indexed|loaded|fresh|current|up_to_date|initiali[sz]ed|started|running)"
    r"|ensure_(?:valid|healthy|live|alive)_\w+|recover_(?:\w+_)?(?:focus|connection|session|page|browser)"
    r"|(?:connect|connection|client|engine|ensure_connected|ensure_ready)"
    r")$",
    re.IGNORECASE,
)
_STARTS = re.compile(r"^_*(?:a|async_)?(?:init|initiali[sz]e|setup|set_up|bootstrap|migrate)(?:_\w+)?$", re.IGNORECASE)
_CONNECTS = re.compile(r"^_*(?:a|async_)?(?:re|ensure_)?connect(?:ed)?$")
_SUFFIX = re.compile(r"_(?:sync|async|once|if_needed|lazy|locked)$", re.IGNORECASE)
_INDEXES = re.compile(
    r"^_*(?:a|async_)?(?:update|refresh|rebuild|build|initiali[sz]e|init|ensure|sync|load|start|populate)_(?:\w+_)?(?:index|indices|cache)(?:_\w+)?$",
    re.IGNORECASE,
)
_MAKES = re.compile(r"^_*(?:a|async_)?(?:get_or_create|ensure|get_or_start|create_if_needed|lazy)_\w+$")
KINDS = frozenset({"file", "dir", "sql", "memory", "subprocess", "browser", "other"})
TOLD = frozenset({"http", "other", "file", "sql", "redis", "session"})
MADE = frozenset({"http", "session", "other", "aws"})
"""Where the sessions are that such a helper opens, as its methods' names tell."""
_LIMITS = re.compile(r"rate_?limit|throttl|limiter", re.IGNORECASE)
_LOGS = re.compile(r"(^|_|\.)logs?($|_|\.)|(^|_|\.)(logging|logger|audit)($|_|\.)", re.IGNORECASE)
_LOGGER = re.compile(
    r"(?:^|\.)\w*(?:Logger|Audit(?:Log|Trail|Journal|Writer|Recorder)(?:Writer|Recorder)?)\.\w+$|(?:^|\.)_log_(?:\w+_)?rate_limited$"
)
_TELLS = re.compile(
    r"^_*(?:a|async_)?(?:send|track|capture|report|record|emit|log|push|post)_(?:\w+_)?(?:analytics|telemetry|usage|metrics?)(?:_\w+)?$"
    r"|(?:^|_)telemetry(?:_|$)|^_*(?:track|capture)_(?:event|usage|call|invocation)$"
)
"""Functions that tell the makers of a program how it is used."""
_OBSERVES = re.compile(
    r"(?:Analytics|Telemetry|UsageTracker)(?:Client|Service|Manager|Tracker|Reporter|Recorder)?\.(?:a|async_)?(?:track|capture|record|report|identify)(?:_\w+)?$"
)
_KEEPS = re.compile(
    r"rate_?limit|throttl|limiter|telemetry|trajector|analytics|metric|trac(?:e|ing)|instrument|monitor|usage|audit|(?:^|_)(?:logs?|logged|record\w*|profil\w*|stats?|timed|timing)(?:_|$)",
    re.IGNORECASE,
)
"""Decorators that keep a record of the calls."""
_LIMITERS = re.compile(
    r"(Limit(er)?|Throttle[rd]?|Throttling|TokenBucket|LeakyBucket|SlidingWindow|CircuitBreaker|Rate(Tracker|Counter|Window|Guard|Controller))"
    r"(Manager|Base)?$"
)
_BREAKERS = re.compile(r"(^|_)(circuit_)?breaker(_|$)|(^|_)(consecutive_(failures|errors)|last_failure(_time)?|half_open)(_|$)")
_METERS = re.compile(
    r"(Performance|Latency|Timing|Request|Call|ApiCall|APICall)(Monitor|Tracker|Recorder|Counter|Log)$|(Stats|Statistics|Metrics?|Telemetry|Analytics|Profiler)(Collector|Recorder|Tracker|Registry|Store|Aggregator|Reporter)?$"
)
_TRAFFIC = re.compile(
    r"(^|_)(requests?|calls?|quer(y|ies)|retr(y|ies)|errors?|failures?|attempts?|invocations?|executions?)_(count(er|s)?|made|total|sent|so_far|today)$"
    r"|(^|_)(total|num|n|count_of)_(\w+_)?(requests|calls|queries|retries|errors|failures|attempts|invocations|executions)$"
)
"""How often a client has asked."""
_ALLOWANCE = re.compile(
    r"(^|_)((rate|rate_?limits?|quota|calls|requests)_(remaining|left|reset(_at|_time)?|limit)|remaining_(calls|requests|quota)|rate_?limit(_info|_status)?)$"
)
"""What a service says of how often it may still be asked."""
_CALL_IDS = re.compile(r"(^|_)(request|rpc|jsonrpc|correlation)_?(id|seq|counter)s?(_|$)|(^|_)jsonrpc_request_id$")
_SHARES = re.compile(r"with_cache|cached|memoiz", re.IGNORECASE)
_LOG_FILE = re.compile(
    r"\.log$|(^|/)logs?/|(^|_)AUDIT(_?LOG)?_(DIR|FOLDER|PATH|FILE)(/|$)|(^|_)(AUDIT|ACCESS|ACTIVITY|CALL|REQUEST|USAGE)_?LOG(_(FILE|PATH))?$|(^|[/_-])(call|access|audit|activity|request|usage|debug|error)s?[_-]?logs?\.\w+$"
)


def helpers(effect: Effect, tool: str) -> list[str]:
    """The functions on the way to an effect that are not the tool's own: neither its entry nor the one that its dispatcher calls by its name."""
    names = [place.function.rsplit(".", 1)[-1] for place in effect.chain]
    own = [index for index, name in enumerate(names) if name.strip("_") == tool.strip("_")]
    return names[max(2, own[-1] + 1 if own else 0) :]


def is_own(effect: Effect, tool: str) -> bool:
    """The tool itself does it, or what it is called after: `Client.disconnect` for `disconnect_station`."""
    return all(re.search(rf"(^|_){re.escape(name.strip('_'))}(_|$)", tool) for name in helpers(effect, tool))


def is_upkeep(effect: Effect, tool: str) -> bool:
    """A write below a helper that makes something ready, of what no argument of the tool names."""
    below, target = helpers(effect, tool), effect.target
    if isinstance(target, Loc) and target.root == "state" and _keeps_id(effect, target):
        return any(_MAKES.match(name) for name in below)
    if not isinstance(target, Loc) and target.kind in MADE and effect.confidence == "name-only":
        return any(_MAKES.match(name) for name in below) and not any(part.kind == "param" for part in target.key)
    kept = re.search(r"index|cache|sync", tool, re.IGNORECASE) is None and any(_INDEXES.match(name) for name in below)
    if not kept and not any(makes_ready(name) for name in below):
        return False
    if isinstance(target, Loc):
        return target.root != "state"
    return target.kind in KINDS and not any(part.kind == "param" for part in target.key)


def _keeps_id(effect: Effect, target: Loc) -> bool:
    """The id of a thing that was made just now, so that the next call finds it again; nothing that the caller says."""
    last = target.path[-1] if target.path else ""
    named = isinstance(last, tuple) and [part.kind for part in last] == ["literal"] and last[0].text.strip("[]'\"").endswith("_id")
    return named and effect.op == "write" and not any(isinstance(i, str) and i[:1] not in MARKS for i in effect.data)


def subscribes(effect: Effect, tool: str) -> bool:
    """What a helper that connects asks for once, to be told from then on."""
    other = not isinstance(effect.target, Loc) and effect.target.kind == "other" and effect.mode == "r"
    return other and any(_CONNECTS.match(name) for name in helpers(effect, tool))


def makes_ready(function: str) -> bool:
    """A helper that opens, loads or migrates what the program works with."""
    return bool(_READY.match(_SUFFIX.sub("", function)))


def starts(function: str) -> bool:
    """A method that makes an object ready that was made just now."""
    return bool(_STARTS.match(function.rpartition(".")[2]))


def around(effects: Sequence[Effect], function: str) -> frozenset[int]:
    """What a decorator that keeps records does before and after the tool's own function."""
    outside = [i for i, one in enumerate(effects) if all(place.function != function for place in one.chain)]
    if len(outside) == len(effects):
        return frozenset()
    return frozenset(i for i in outside if any(_KEEPS.search(place.function.partition(".")[0]) for place in effects[i].chain[1:2]))


def records(effect: Effect, tool: str) -> str:
    """Why a write below a helper is a record that the program keeps of its own doings; empty where it is none."""
    target = effect.target
    around = [place.function for place in effect.chain[1:] if place.function.rsplit(".", 1)[-1].strip("_") != tool.strip("_")]
    if any(_OBSERVES.search(name) for name in around):
        return "telemetry"
    if isinstance(target, Loc):
        below = helpers(effect, tool)
        if any(_LIMITS.search(name) or _LOGGER.search(name) for name in around[1:]):
            return "telemetry"
        return "memo" if any(_SHARES.search(name) for name in below) else ""
    if target.kind in TOLD and any(_TELLS.search(name.rsplit(".", 1)[-1]) for name in around):
        return "telemetry"
    named = "".join(part.text for part in target.key if part.kind in ("literal", "env"))
    said = any(part.kind == "param" for part in target.key)
    if (
        target.kind == "file"
        and not said
        and effect.op in ("append", "write", "update")
        and any(_LOGGER.search(name) for name in around[1:])
    ):
        return "telemetry"
    own = target.kind == "file" and effect.op == "append" and not said
    around += [re.split(r"[/.]", effect.chain[-1].file)[-2]] if effect.chain[1:] and "." in effect.chain[-1].file else []
    return "telemetry" if own and _LOG_FILE.search(named) and any(_LOGS.search(name) for name in around) else ""


def sets_up(effect: Effect) -> bool:
    """The environment, set by the constructor of a client for its own sake."""
    target = effect.target
    built = [place.function.rsplit(".", 1)[-1] == "__init__" for place in effect.chain[2:]]
    return not isinstance(target, Loc) and target.kind == "env" and any(built) and not any(part.kind == "param" for part in target.key)


def migrates(effects: Sequence[Effect], effect: Effect) -> bool:
    """A constructor brings its database's tables up to date: what it adds to them, and what it fills in where a look at them says so."""
    target = effect.target
    built = any(place.function.endswith(".__init__") or starts(place.function) for place in effect.chain[2:])
    if isinstance(target, Loc) or target.kind != "sql" or not built or any(part.kind == "param" for part in target.key):
        return False
    if effect.note == "schema" and effect.op != "delete":
        return True
    looks = [effects[i] for i in effect.control if isinstance(i, int) and i < len(effects)]
    return any(
        not isinstance(one.target, Loc)
        and one.target.kind == "sql"
        and one.target.key == (ANY,)
        and one.chain[-1].function == effect.chain[-1].function
        for one in looks
    )


def of_calls(owner: str, name: str, operation: str, helped: bool) -> bool:
    """What a program remembers of its calls: they are spread over time, counted, or numbered to tell the answers apart; how often others
    failed is no state that a caller asks for."""
    if operation == "increment" and helped and (_CALL_IDS.search(name) or _TRAFFIC.search(name)):
        return True
    if operation == "write" and helped and _ALLOWANCE.search(name):
        return True
    return bool(_LIMITERS.search(owner) or _BREAKERS.search(name) or (helped and _METERS.search(owner)))
