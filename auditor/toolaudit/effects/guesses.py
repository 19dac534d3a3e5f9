"""Calls of clients that no entry describes: the verb of a method's name is the best guess, and it is said to be one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from toolaudit.catalogue.entries import Library
from toolaudit.effects import edits
from toolaudit.effects.addressed import requested
from toolaudit.effects.callbacks import calls_back
from toolaudit.effects.classify import run_command, run_sql
from toolaudit.effects.cursors import is_upkeep_of_statements
from toolaudit.effects.frame import Frame
from toolaudit.effects.keys import ANY, literal, parts_of
from toolaudit.effects.nameless import nameless, singular
from toolaudit.effects.own_things import HANDLES_THINGS, OWN_THINGS, SECRETS
from toolaudit.effects.saving import left_behind
from toolaudit.effects.served import RPC, asked_for, handed_out
from toolaudit.effects.templates import Bound
from toolaudit.effects.values import Data, Handle, Taint, Text, Value, taints
from toolaudit.model import Consequence, Kind, Operation, Resource

if TYPE_CHECKING:
    from toolaudit.effects.arguments import Arguments

READ_VERBS = {
    "get", "list", "read", "find", "search", "fetch", "query", "describe", "show", "count", "exists", "has", "is", "load", "select", "scan",
    "lookup", "retrieve", "view", "check", "peek", "head", "stat", "inspect", "info", "status", "history", "recall", "similarity", "keys",
    "values", "items", "resolve", "validate", "download", "iter", "all", "first", "one", "scalar", "scalars", "ping", "browse", "export", "ls",
    "convert", "parse", "extract", "transform", "render", "to", "from", "as", "translate", "summarize", "analyze", "encode", "decode", "compute",
    "calculate", "predict", "embed", "generate", "tokenize", "split", "format", "build", "results", "geocode", "scrape", "crawl", "answer", "chat",
    "needs", "can", "should", "supports", "contains", "requires", "matches",
}  # fmt: skip
WRITE_VERBS: dict[str, Operation] = {
    "set": "write", "put": "write", "write": "write", "save": "write", "store": "write", "upsert": "write", "replace": "write", "overwrite": "write",
    "create": "create", "add": "append", "insert": "append", "append": "append", "push": "append", "register": "append", "upload": "write",
    "update": "update", "edit": "update", "modify": "update", "patch": "update", "rename": "rename", "move": "rename", "assign": "update",
    "delete": "delete", "remove": "delete", "drop": "delete", "clear": "delete", "purge": "delete", "reset": "delete", "unset": "delete",
    "send": "send", "post": "send", "publish": "send", "emit": "send", "notify": "send", "reply": "send", "dispatch": "send", "submit": "send",
    "trigger": "send", "enqueue": "send", "start": "update", "stop": "update", "restart": "update", "kill": "delete", "cancel": "update",
    "enable": "update", "complete": "update", "finish": "update", "pause": "update", "resume": "update", "reopen": "update", "approve": "update",
    "reject": "update", "restore": "update", "toggle": "update", "mute": "update", "pin": "update", "unpin": "update", "fix": "update", "disable": "update", "archive": "update", "commit": "write", "merge": "update", "mark": "update", "share": "update",
    "invite": "send", "schedule": "append", "lock": "update", "unlock": "update", "import": "write", "click": "update", "type": "update",
    "forward": "send", "acknowledge": "update", "ack": "update", "attach": "update", "detach": "update", "subscribe": "append", "unsubscribe": "delete",
    "navigate": "update", "goto": "update", "invoke": "send", "ingest": "append", "log": "append", "increment": "increment", "pop": "consume",
    "provision": "create", "deploy": "update", "terminate": "delete", "transfer": "send", "revoke": "delete", "rotate": "update", "mint": "create",
    "unblock": "update", "unban": "update", "grant": "update", "adopt": "update", "reboot": "update", "suspend": "update",
    "activate": "update", "deactivate": "update", "destroy": "delete", "unarchive": "update", "unschedule": "delete",
    "unpublish": "update", "unfollow": "update", "unstar": "update", "unlink": "delete", "uninstall": "delete",
    "block": "update", "ban": "update", "kick": "update", "follow": "update", "star": "update", "install": "append",
}  # fmt: skip
ALONE = {"block", "ban", "kick", "follow", "star", "install", "grant"}
"""Verbs where no other word of the name is one, and it begins with them: a `block_count` is counted."""
THINGS = {"chat", "status", "history", "keys", "values", "items", "query", "info", "results"}
"""Verbs that are as often the thing that a name speaks of: `chat_postMessage`, `status_update`."""
OPAQUE_VERBS = {"execute", "run", "eval", "exec", "call", "request", "command", "script"}
KIND_WORDS: tuple[tuple[str, Kind], ...] = (
    ("sandbox", "session"), ("session", "session"), ("redis", "redis"), ("database", "sql"), ("sql", "sql"), ("postgres", "sql"), ("duckdb", "sql"),
    ("engine", "sql"), ("db", "sql"), ("browser", "browser"), ("page", "browser"), ("driver", "browser"), ("docker", "docker"), ("kube", "k8s"),
    ("k8s", "k8s"), ("boto", "aws"), ("aws", "aws"), ("git", "git"), ("http", "http"), ("client", "http"), ("api", "http"), ("service", "http"),
)  # fmt: skip
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")
_PLURAL = re.compile(r"(?:[a-z]{3,}[a-rt-z]|[a-z]{2,}e)s|children|people|data|info")
HANDLES = frozenset({
    "instance", "database", "table", "collection", "bucket", "topic", "subscription", "contract", "container", "queue", "dataset", "worksheet",
    "sheet", "channel", "scope", "namespace", "document", "ref", "reference", "blob", "folder", "project", "repository", "repo", "workspace",
    "cluster", "snapshot", "sprite", "thread", "room", "board", "space", "vault", "app", "site", "new_page", "new_context",
})  # fmt: skip
"""What a client gives a handle of by its bare name: `client.database(name)` asks and changes nothing yet."""
ADDRESSES = ("_path", "_url", "_uri", "_arn")
"""Endings of what puts an address together."""
MAX_SHORT = 3
"""So short a word counts only where it stands alone: a backend is no `db`."""
TAILS = {"db", "sql"}
SETTINGS = {"headers", "params", "cookies", "proxies", "adapters", "hooks"}
"""What a client keeps of how it is to ask: changing it asks nothing."""
QUIET_METHODS = {
    "mount", "close", "aclose", "__enter__", "__exit__", "__aenter__", "__aexit__", "info", "debug", "warning", "error", "exception",
    "log", "isoformat", "strftime", "timestamp", "total_seconds", "utcoffset", "astimezone", "critical", "start_as_current_span",
    "start_span", "record_exception",
}  # fmt: skip


def verb_of(name: str) -> str:
    """The verb of a method's name: `upsert_user_memory` is `upsert`, `getMessages` is `get`, `queue_push` is `push`."""
    words = re.findall(r"[a-z]+|[A-Z][a-z]*", name.lstrip("_"))
    if words and words[0].lower() in ("async", "a", "sync", "do", "batch", "bulk") and len(words) > 1:
        words = words[1:]
    lowered = [word.lower() for word in words]
    if lowered and (lowered[0], lowered[-1]) in ASKED:
        return "query"
    known = [word for word in lowered if (word in READ_VERBS or word in WRITE_VERBS) and word not in ALONE]
    if known and known[0] in THINGS and lowered[0] == known[0]:
        known = [word for word in known[1:] if word in WRITE_VERBS] or known
    return known[0] if known else lowered[0] if lowered else ""


ASKED = {("run", "report"), ("run", "reports"), ("start", "query"), ("start", "search")}
"""Where the first and the last word of a name say that an answer is made: `run_funnel_report`."""
EMBEDS = {"embed", "encode", "tokenize"}
FRAMES = {
    "reset_index", "set_index", "sort_index", "sort_values", "drop_duplicates", "dropna", "fillna", "astype", "rename_axis", "set_axis",
    "add_prefix", "add_suffix", "drop_nulls", "with_columns",
}  # fmt: skip
"""Methods that only tables of data have: they give another table where the answer is used."""
_ONE_OBJECT: frozenset[Kind] = frozenset({"session", "browser"})
_SMALL = frozenset(
    {"by", "for", "from", "to", "with", "in", "of", "on", "as", "at", "into", "if", "and", "or", "where", "since", "until", "via"}
)
_COLLECTIVE = frozenset({"all", "many", "one", "some", "new", "each", "next", "last", "first", "batch", "bulk", "async", "sync"})


def thing_of(name: str) -> str:
    """What a method's name speaks of, in the singular: a `team` in `create_team`, `listTeams` and `team_exists_by_id`; nothing where it names no thing."""
    words = [word.lower() for word in re.findall(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]*", name)]
    verb = verb_of(name)
    before = words[: next((i for i, word in enumerate(words) if i and word in _SMALL), len(words))]
    things = [word for word in before if word != verb and word not in _COLLECTIVE and len(word) > 1]
    return singular(things[-1]) if things else ""


def _speaks_of_things(name: str, arguments: Arguments | None) -> bool:
    """A name without a verb that holds a plural: `collections_top`, `tags(key)`. One word alone, `events()`, is a part of the client."""
    words = [word.lower() for word in re.findall(r"[a-z]+|[A-Z][a-z]*", name)]
    asked = len(words) > 1 or (arguments is not None and bool(arguments.all()))
    return asked and any(_PLURAL.fullmatch(word) for word in words)


def kind_of(type_name: str, library: Library | None) -> Kind:
    if library is not None and library.default_kind:
        return library.default_kind  # type: ignore[return-value]
    words = [word.lower() for word in _WORDS.findall(type_name)]
    for known, kind in KIND_WORDS:
        if (known == "page" and words[-1:] != ["page"]) or (
            known == "driver" and not {"web", "browser", "chrome"} & {*words[:-1]} and words != ["driver"]
        ):
            continue
        if any(word == known or (len(known) > MAX_SHORT and known in word) or (known in TAILS and word.endswith(known)) for word in words):
            return kind
    return "other"


def opens(name: str) -> bool:
    """Another way to make a client than its constructor: `Sandbox.connect(id)`, `AsyncClient.create()`."""
    owner, _, last = name.rpartition(".")
    made = last in ("create", "connect", "open", "launch", "start", "attach", "acreate", "aconnect") or last.startswith("from_")
    return made and owner.rpartition(".")[2][:1].isupper() and kind_of(owner.rpartition(".")[2], None) != "other"


def changes(name: str) -> bool:
    """A name that says that something elsewhere is changed, or that what it is given is run."""
    verb = verb_of(name)
    return (verb in WRITE_VERBS and verb not in QUIET_VERBS and verb not in ("register", "log")) or verb in OPAQUE_VERBS


def verb_known(name: str) -> bool:
    return verb_of(name) in READ_VERBS or verb_of(name) in WRITE_VERBS


def sends(name: str) -> bool:
    """A function whose name says that it changes something elsewhere."""
    return WRITE_VERBS.get(verb_of(name.rsplit(".", 1)[-1]), "create") not in ("create", "append", "increment", "consume")


def asked_through(frame: Frame, name: str, arguments: Arguments) -> Resource | None:
    """What a library's function asks that is handed a client by name: `search_files(client=self.client, query=text)`."""
    if frame.discarded or verb_of(name) not in READ_VERBS:
        return None
    handed = next((key for key, _ in arguments.keywords if "client" in key.lower().split("_")), "")
    return Resource(kind_of(handed, None), (ANY,), handed) if handed else None


def adds(name: str, arguments: Arguments) -> bool:
    """A method that gives a thing something new, which it is told: `issue.create_comment(text)`, `pull.add_labels(*names)`."""
    return WRITE_VERBS.get(verb_of(name)) in ("create", "append") and bool(thing_of(name)) and bool(arguments.all())


def client_like(name: str) -> bool:
    """A name that people give to clients, stores and connections."""
    words = set(re.findall(r"[a-z]+", name.lower()))
    return bool(words & CLIENT_WORDS)


CLIENT_WORDS = {
    "client", "api", "service", "session", "db", "database", "conn", "connection", "store", "storage", "repo", "repository", "bus", "queue",
    "driver", "page", "browser", "engine", "backend", "wrapper", "manager", "registry", "gateway", "bot", "agent", "memory", "vectorstore",
    "index", "collection", "bucket", "table", "topic", "channel", "sandbox", "cluster", "resource", "scheduler", "broker", "cursor", "redis",
}  # fmt: skip


def makes(name: str) -> bool:
    """A factory or a reader, by its name."""
    verb = verb_of(name)
    return (
        verb in READ_VERBS or verb in ("create", "make", "new", "build", "with", "wrap", "register", "add", "init") or verb in QUIET_VERBS
    )


def seems(name: str) -> Consequence:
    """What a call that is not known means by its name alone: nothing where it asks, makes or prepares something."""
    others = verb_of(name) in HANDLES_THINGS and thing_of(name) not in OWN_THINGS | {""}
    quiet = verb_of(name) != "set" and (makes(name) or prepares(name)) and not others
    return "ignored" if quiet else "unclear"


def prepares(name: str) -> bool:
    """A function that is called for its effect on the program itself: logging, set-up, waiting."""
    words = re.findall(r"[a-z]+", name.lower())
    return verb_of(name) in QUIET_VERBS or any(word in QUIET_WORDS for word in words)


QUIET_WORDS = {
    "log", "logger", "logging", "print", "warn", "warning", "debug", "info", "error", "exception", "check", "validate", "assert", "raise",
}  # fmt: skip
QUIET_VERBS = {
    "connect", "open", "begin", "acquire", "cursor", "session", "login", "authenticate", "init", "initialize", "setup", "ensure", "wait", "sleep",
    "with", "configure", "bind", "use", "enter", "aenter", "close", "disconnect", "shutdown", "on", "set", "refresh", "as", "model", "client",
}  # fmt: skip
RUNS_SQL = {
    "execute",
    "executemany",
    "executescript",
    "query",
    "fetch",
    "fetchrow",
    "fetchval",
    "fetchall",
    "fetchone",
    "run",
    "exec",
    "sql",
    "scalar",
}
SQL_HOLDERS = {"cursor", "conn", "connection", "db", "database", "engine", "cur", "con", "tx", "transaction", "session", "driver"}

ANSWERS = {"query", "engine"}
"""A query engine is asked in plain words."""
OTHER_CODE = {"script", "js", "javascript", "cdp", "python", "code", "tool", "workflow", "function", "command"}
RUNS_COMMANDS = re.compile(
    r"(^|_)(exec|run|execute|start)_(shell|command|cmd|bash|terminal|script|code|python|cell)s?(_|$)|^(shell|bash|run_in_shell)$"
)
COMMAND_HOLDERS = {"process", "commands", "shell", "terminal", "ssh", "console", "codes", "interpreter", "kernel"}


def _runs(frame: Frame, receiver: Value, type_name: str, name: str, taint: Taint, line: int, arguments: Arguments) -> Value | None:
    """A method that runs the SQL or the command that it is given, by its name and its object's; None for any other."""
    words, verb = set(re.findall(r"[a-z]+", type_name.lower())), verb_of(name)
    bound = Bound({}, arguments.args or tuple(arguments.all()), receiver)
    if not arguments.args and not RUNS_COMMANDS.search(name):
        return None
    if (
        verb in RUNS_SQL
        and (words & SQL_HOLDERS or _holds_sql(words))
        and not words >= ANSWERS
        and not set(re.findall(r"[a-z]+", name.lower())) & OTHER_CODE
    ):
        return Value(Data("not-in-catalogue"), taint | run_sql(frame, "{0}", bound, taint, line))
    if "graphql" in type_name.lower() and verb in OPAQUE_VERBS:
        frame.pending = True
        frame.opaque = frame.opaque or "graphql"
        document = parts_of(arguments.args[0]) or (ANY,)
        return Value(
            Data("not-in-catalogue"),
            taint | frame.emit(Resource("http", document), "rw", "opaque", line, data=taint, confidence="name-only"),
        )
    if RUNS_COMMANDS.search(name) or (verb in OPAQUE_VERBS and words & COMMAND_HOLDERS):
        frame.pending = True
        frame.missing(f"{type_name}.{name}", "not-in-catalogue", "ignored", line)
        return Value(Data("not-in-catalogue"), taint | run_command(frame, bound, taint, line))
    return None


def _holds_sql(words: set[str]) -> bool:
    """A client whose name says what it speaks: `libsql_client`, `pgsql`, `mydb`."""
    return any("sql" in word or (word.endswith("db") and len(word) > MAX_SHORT) for word in words)


def _written(frame: Frame, resource: Resource, name: str, arguments: Arguments | None, taint: Taint, line: int, inside: bool) -> Taint:
    """What a method does whose verb writes; `inside` a thing that was handed out each call makes another one."""
    op = WRITE_VERBS[verb_of(name)]
    frame.io += 1
    frame.pending = True
    frame.missing(f"{resource.scope}.{name}", "not-in-catalogue", "ignored", line)
    posted = op == "create" and resource.kind in ("http", "other") and (inside or nameless(arguments, thing_of(name), resource.scope))
    again = (
        op in ("append", "send", "increment") or posted or (op == "write" and arguments is not None and edits.identified(name, arguments))
    )
    repeat = "again" if again else "unknown"
    blind = arguments is not None and op in ("update", "delete", "send")  # an object fetched by name is no state that was read
    data = taints(arguments.all()) if arguments is not None and blind else taint
    return taint | frame.emit(resource, "w", op, line, data=data, atomic=True, repeat=repeat, confidence="name-only")  # type: ignore[arg-type]


def _own_method(frame: Frame, receiver: Value, called: str, name: str, arguments: Arguments, line: int) -> Value | None:
    """The project's one method of that name; nothing for what a library handed out."""
    from toolaudit.effects.interfaces import by_name

    if isinstance(receiver.form, Data) and receiver.form.why == "not-in-catalogue":
        return None
    return by_name(frame, receiver, called, name, arguments, line)


def unlisted(
    frame: Frame,
    receiver: Value,
    type_name: str,
    name: str,
    taint: Taint,
    line: int,
    library: Library | None,
    arguments: Arguments | None = None,
) -> Value:
    """A method of a client that no entry describes: its verb is the best guess, and it is said to be one."""
    if (
        arguments is not None
        and isinstance(receiver.form, Text | Data)
        and (own := _own_method(frame, receiver, type_name, name, arguments, line))
    ):
        return own
    words = set(re.findall(r"[a-z]+", type_name.lower()))
    results = is_upkeep_of_statements(words, name) and (arguments is None or not arguments.args)
    if name in QUIET_METHODS or results or type_name.rpartition(".")[2] in SETTINGS:
        frame.resolved += 1
        return receiver.tainted(taint) if name in ("__enter__", "__aenter__") else Value(Data(), taint)  # most managers give themselves
    if name == "__call__" and not type_name.rsplit(".", 1)[-1][:1].isupper():
        type_name, _, name = type_name.rpartition(".")  # a method that went through a variable
    if arguments is not None and arguments.args and name in RPC:
        meant = asked_for(frame, arguments.args[0])
        name = meant if meant and verb_known(meant) else name
    if arguments is not None and (answer := calls_back(frame, name, arguments, line)) is not None:
        frame.pending = True
        frame.missing(f"{type_name}.{name}", "not-in-catalogue", "ignored", line)
        return answer
    if arguments is not None and arguments.all() and (ran := _runs(frame, receiver, type_name, name, taint, line, arguments)) is not None:
        return ran
    if (name in HANDLES or (name.endswith(ADDRESSES) and not verb_known(name))) and not frame.discarded:
        frame.missing(f"{type_name}.{name}", "not-in-catalogue", "ignored", line)
        return Value(Data("client"), taint)
    return requested(frame, type_name, name, arguments, line) or _by_verb(frame, receiver, type_name, name, taint, line, library, arguments)


def _by_verb(
    frame: Frame,
    receiver: Value,
    type_name: str,
    name: str,
    taint: Taint,
    line: int,
    library: Library | None,
    arguments: Arguments | None,
) -> Value:
    """What a method does, told from the verb of its name."""
    verb, form = verb_of(name), receiver.form
    kind = kind_of(type_name, library)
    if name in FRAMES and not frame.discarded and not (arguments is not None and any(key == "inplace" for key, _ in arguments.keywords)):
        frame.resolved += 1
        return Value(Data("not-in-catalogue"), taint)
    if kind == "other" and verb in EMBEDS:
        frame.missing(f"{type_name}.{name}", "not-in-catalogue", "unclear", line)
        return Value(Data("not-in-catalogue"), taint)
    key = form.parts if isinstance(form, Handle) else ()
    source = handed_out(frame, receiver) if kind == "other" else None
    resource = source or Resource(kind, key or (*(literal(thing_of(name)) if kind not in _ONE_OBJECT else ()), ANY), type_name)
    if verb == "load" and frame.discarded:
        frame.io += 1
        frame.pending = True
        frame.missing(f"{type_name}.{name}", "not-in-catalogue", "ignored", line)
        frame.emit(resource, "rw", "update", line, data=taint, confidence="name-only")  # made for what it leaves in the receiver
        return Value(Data("not-in-catalogue"), taint)
    said = arguments is not None and len(arguments.all()) > 1  # `set_tags(task, tags)`: of a thing that it names
    if arguments is not None:
        taint |= left_behind(frame, name, arguments, taint, line)
    if verb in WRITE_VERBS and (verb not in QUIET_VERBS or name == "set" or (verb == "set" and (said or frame.awaited is not None))):
        data = taints(arguments.all()) if source is not None and arguments is not None else taint
        return Value(Data("not-in-catalogue"), _written(frame, resource, name, arguments, data, line, source is not None))
    things = verb not in QUIET_VERBS | OPAQUE_VERBS and not frame.discarded and _speaks_of_things(name, arguments)
    if verb in READ_VERBS or things:
        frame.io += 1
        frame.pending = True
        frame.missing(f"{type_name}.{name}", "not-in-catalogue", "ignored", line)
        read = frame.emit(resource, "r", "read", line, atomic=True, confidence="name-only")
        return Value(Data("not-in-catalogue"), taint if kind == "other" and thing_of(name) in SECRETS else taint | read)
    if verb in QUIET_VERBS or verb not in OPAQUE_VERBS:
        could = seems(name) if verb in QUIET_VERBS or (name.endswith("s") and not frame.discarded) else "may-write"
        frame.missing(f"{type_name}.{name}", "not-in-catalogue", could, line)
        return Value(Data("client"), taint)
    frame.pending = True
    frame.missing(f"{type_name}.{name}", "not-in-catalogue", "may-write", line)
    return Value(Data("not-in-catalogue"), taint)
