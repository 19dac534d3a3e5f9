"""Arguments that say what a call does: SQL text, commands, addresses; and calls of clients that no entry describes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from toolaudit.catalogue.entries import EffectEntry, Library
from toolaudit.effects import http, shell, sql
from toolaudit.effects.frame import Frame
from toolaudit.effects.keys import ANY, Parts, normal_path, parts_of
from toolaudit.effects.templates import Bound, fill
from toolaudit.effects.values import CLEAN, Data, Handle, Taint, Text, Value, alternatives, taints, tidy
from toolaudit.model import KeyPart, Kind, Operation, Place, Resource

if TYPE_CHECKING:
    from toolaudit.effects.arguments import Arguments


def perform(frame: Frame, effect: EffectEntry, bound: Bound, data: Taint, line: int, name: str) -> Taint:
    """The effects of an entry that hands an argument to a classifier."""
    if effect.sql is not None:
        return _sql(frame, effect.sql, bound, data, line)
    if effect.shell is not None:
        return _shell(frame, effect.shell, bound, data, line)
    return _http(frame, effect, bound, data, line)


def _argument(template: str, bound: Bound) -> Value | None:
    found = re.fullmatch(r"\{([^{}|]*)(?:\|[^{}]*)?\}", template)
    return bound.find(found.group(1)) if found else None


def demand(frame: Frame, value: Value | None) -> None:
    """Say that knowing this argument would decide something."""
    if value is None:
        return
    for option in alternatives(value):
        for part in option.form.parts if isinstance(option.form, Text) else ():
            if part.kind == "param":
                frame.demands.add(part.text)


# --- SQL -------------------------------------------------------------------------------------------------------------


def _sql(frame: Frame, template: str, bound: Bound, data: Taint, line: int) -> Taint:
    receiver = bound.receiver.form if bound.receiver is not None else None
    database = "".join(_word(part) for part in receiver.parts) if isinstance(receiver, Handle) else ""
    value = _argument(template, bound)
    found = CLEAN
    frame.io += 1
    for option in alternatives(value) if value is not None else (Value(Data()),):
        parts = parts_of(option)
        text = sql.statement_text(parts)
        _transaction(frame, text, line)
        understood = sql.effects(text) if text else None
        if understood is None:
            demand(frame, option)
            frame.opaque = frame.opaque or "sql"
            found |= frame.emit(Resource("sql", parts or (ANY,), database), "rw", "opaque", line, data=data, confidence="catalogued")
            continue
        found |= _tables(frame, understood, parts, database, data, line)
    return found


def _tables(
    frame: Frame,
    understood: tuple[sql.TableEffect, ...],
    parts: Parts,
    database: str,
    data: Taint,
    line: int,
    below: tuple[Place, ...] = (),
) -> Taint:
    found = CLEAN
    for one in understood:
        found |= frame.emit(
            Resource("sql", sql.table_parts(one.table, parts) or (ANY,), database),
            one.mode,  # type: ignore[arg-type]
            one.op,
            line,
            data=data if "w" in one.mode else CLEAN,
            atomic=one.atomic,
            repeat=one.repeat,  # type: ignore[arg-type]
            confidence="catalogued",
            note=one.note,
            below=below,
        )
    return found


def reclassified(frame: Frame, resource: Resource, data: Taint, line: int, below: tuple[Place, ...]) -> Taint | None:
    """The effects of SQL that a helper was given, now that its text is known; None while it is not."""
    text = sql.statement_text(resource.key)
    understood = sql.effects(text) if text else None
    return None if understood is None else _tables(frame, understood, resource.key, resource.scope, data, line, below)


def _transaction(frame: Frame, text: str | None, line: int) -> None:
    """`BEGIN` opens a transaction for what follows, `COMMIT` and `ROLLBACK` end it."""
    word = text.split(None, 1)[0].rstrip(";").upper() if text and text.strip() else ""
    if word in ("BEGIN", "START"):
        frame.transaction, frame.transaction_waits = f"{frame.function}:{line}", False
    elif word in ("COMMIT", "END", "ROLLBACK"):
        frame.transaction = ""


def _word(part: KeyPart) -> str:
    return part.text if part.kind == "literal" else f"{{{part.kind}:{part.text}}}"


# --- commands --------------------------------------------------------------------------------------------------------


def _shell(frame: Frame, template: str, bound: Bound, data: Taint, line: int) -> Taint:
    value = _argument(template, bound)
    frame.io += 1
    if template == "{*}":
        return _line(frame, list(bound.positional), None, bound, data, line)
    found = CLEAN
    for option in alternatives(value) if value is not None else (Value(Data()),):
        found |= _line(frame, shell.words_of(option), option, bound, data, line)
    return found


def _line(frame: Frame, words: list[Value] | None, value: Value | None, bound: Bound, data: Taint, line: int) -> Taint:
    """The effects of one command line; free text is opaque."""
    if not words:
        demand(frame, value)
        frame.opaque = frame.opaque or "shell"
        key = parts_of(value) if value is not None else (ANY,)
        return frame.emit(Resource("subprocess", key or (ANY,)), "rw", "opaque", line, data=data, confidence="catalogued")
    found = CLEAN
    folder = bound.find("cwd")
    for command in shell.classify(words, parts_of(folder) if folder is not None else ()):
        if command.op == "opaque":
            for word in words:
                demand(frame, word)
            frame.opaque = frame.opaque or "shell"
        found |= frame.emit(
            Resource(command.kind, (normal_path(command.key) if command.kind in ("file", "dir") else command.key) or (ANY,)),
            command.mode,  # type: ignore[arg-type]
            command.op,
            line,
            data=data if "w" in command.mode else CLEAN,
            repeat=command.repeat,  # type: ignore[arg-type]
            confidence="catalogued",
            note=command.note,
        )
    return found


# --- requests --------------------------------------------------------------------------------------------------------


def _http(frame: Frame, effect: EffectEntry, bound: Bound, data: Taint, line: int) -> Taint:
    found = CLEAN
    frame.io += 1
    receiver = bound.receiver.form if bound.receiver is not None else None
    base = receiver.base if isinstance(receiver, Handle) else ()
    for address in fill(effect.url or "", bound):
        if base and not (address and address[0].kind == "literal" and "://" in address[0].text):
            address = tidy((*base, *address))
        for method in fill(effect.method or "", bound) or [()]:
            for part in method:
                if part.kind == "param":
                    frame.demands.add(part.text)
            known = "".join(part.text for part in method) if all(part.kind == "literal" for part in method) else None
            request = http.classify(known, address, frame.function)
            if request.op == "opaque":
                frame.opaque = frame.opaque or "request"
            found |= frame.emit(
                Resource("http", _without_query(address) or (ANY,)),
                request.mode,  # type: ignore[arg-type]
                request.op,
                line,
                data=data if "w" in request.mode else CLEAN,
                atomic=True,
                repeat=request.repeat,  # type: ignore[arg-type]
                confidence=request.confidence,
                note=request.note,
            )
    return found


def _without_query(address: Parts) -> Parts:
    out: list[KeyPart] = []
    for part in address:
        if part.kind == "literal" and "?" in part.text:
            out.append(KeyPart("literal", part.text.split("?", 1)[0]))
            break
        out.append(part)
    return tidy(out)


# --- clients that no entry describes ---------------------------------------------------------------------------------

READ_VERBS = {
    "get", "list", "read", "find", "search", "fetch", "query", "describe", "show", "count", "exists", "has", "is", "load", "select", "scan",
    "lookup", "retrieve", "view", "check", "peek", "head", "stat", "inspect", "info", "status", "history", "recall", "similarity", "keys",
    "values", "items", "resolve", "validate", "download", "iter", "all", "first", "one", "scalar", "scalars", "ping", "browse", "export", "ls",
    "convert", "parse", "extract", "transform", "render", "to", "from", "as", "translate", "summarize", "analyze", "encode", "decode", "compute",
    "calculate", "predict", "embed", "generate", "tokenize", "split", "format", "build", "results", "geocode", "scrape", "crawl", "answer", "chat",
}  # fmt: skip
WRITE_VERBS: dict[str, Operation] = {
    "set": "write", "put": "write", "write": "write", "save": "write", "store": "write", "upsert": "write", "replace": "write", "overwrite": "write",
    "create": "create", "add": "append", "insert": "append", "append": "append", "push": "append", "register": "append", "upload": "write",
    "update": "update", "edit": "update", "modify": "update", "patch": "update", "rename": "rename", "move": "rename", "assign": "update",
    "delete": "delete", "remove": "delete", "drop": "delete", "clear": "delete", "purge": "delete", "reset": "delete", "unset": "delete",
    "send": "send", "post": "send", "publish": "send", "emit": "send", "notify": "send", "reply": "send", "dispatch": "send", "submit": "send",
    "trigger": "send", "enqueue": "send", "start": "update", "stop": "update", "restart": "update", "kill": "delete", "cancel": "update",
    "enable": "update", "disable": "update", "archive": "update", "commit": "write", "merge": "update", "mark": "update", "share": "update",
    "invite": "send", "schedule": "append", "lock": "update", "unlock": "update", "import": "write", "click": "update", "type": "update",
    "navigate": "update", "goto": "update", "invoke": "send", "ingest": "append", "log": "append", "increment": "increment", "pop": "consume",
}  # fmt: skip
OPAQUE_VERBS = {"execute", "run", "eval", "exec", "call", "request", "command", "script"}
KIND_WORDS: tuple[tuple[str, Kind], ...] = (
    ("sandbox", "session"), ("session", "session"), ("redis", "redis"), ("database", "sql"), ("sql", "sql"), ("postgres", "sql"), ("duckdb", "sql"),
    ("engine", "sql"), ("db", "sql"), ("browser", "browser"), ("page", "browser"), ("driver", "browser"), ("docker", "docker"), ("kube", "k8s"),
    ("k8s", "k8s"), ("boto", "aws"), ("aws", "aws"), ("git", "git"), ("http", "http"), ("client", "http"), ("api", "http"), ("service", "http"),
)  # fmt: skip
QUIET_METHODS = {
    "close",
    "aclose",
    "__enter__",
    "__exit__",
    "__aenter__",
    "__aexit__",
    "info",
    "debug",
    "warning",
    "error",
    "exception",
    "log",
}


def verb_of(name: str) -> str:
    """The verb of a method's name: `upsert_user_memory` is `upsert`, `getMessages` is `get`, `queue_push` is `push`."""
    words = re.findall(r"[a-z]+|[A-Z][a-z]*", name.lstrip("_"))
    if words and words[0].lower() in ("async", "a", "sync", "do", "batch", "bulk") and len(words) > 1:
        words = words[1:]
    lowered = [word.lower() for word in words]
    return next((word for word in lowered if word in READ_VERBS or word in WRITE_VERBS), lowered[0] if lowered else "")


def kind_of(type_name: str, library: Library | None) -> Kind:
    if library is not None and library.default_kind:
        return library.default_kind  # type: ignore[return-value]
    lowered = type_name.lower()
    for word, kind in KIND_WORDS:
        if word in lowered:
            return kind
    return "other"


def verb_known(name: str) -> bool:
    return verb_of(name) in READ_VERBS or verb_of(name) in WRITE_VERBS


def sends(name: str) -> bool:
    """A function whose name says that it changes something elsewhere."""
    return WRITE_VERBS.get(verb_of(name.rsplit(".", 1)[-1]), "create") not in ("create", "append", "increment", "consume")


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

# PEP 249: what a cursor hands out of a statement that has run.
OF_RESULTS = {"fetchone", "fetchmany", "fetchall", "nextset", "scroll"}


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
    words = set(re.findall(r"[a-z]+", type_name.lower()))
    results = name in OF_RESULTS and bool(words & {"cursor", "cur"}) and (arguments is None or not arguments.args)
    if name in QUIET_METHODS or results:
        frame.resolved += 1
        return Value(Data(), taint)
    verb = verb_of(name)
    if arguments is not None and arguments.args and verb in RUNS_SQL and words & SQL_HOLDERS:
        bound = Bound({}, arguments.args, receiver)
        return Value(Data("not-in-catalogue"), taint | _sql(frame, "{0}", bound, taint, line))
    form = receiver.form
    key = form.parts if isinstance(form, Handle) and form.parts else (ANY,)
    resource = Resource(kind_of(type_name, library), key, type_name)
    if verb in WRITE_VERBS and (verb not in QUIET_VERBS or name == "set"):
        frame.io += 1
        frame.pending = True
        frame.missing(f"{type_name}.{name}", "not-in-catalogue", "ignored", line)
        op = WRITE_VERBS[verb]
        repeat = "again" if op in ("append", "send", "increment") else "unknown"
        blind = arguments is not None and op in ("update", "delete", "send")  # an object fetched by name is no state that was read
        data = taints(arguments.all()) if arguments is not None and blind else taint
        taint |= frame.emit(resource, "w", op, line, data=data, atomic=True, repeat=repeat, confidence="name-only")  # type: ignore[arg-type]
        return Value(Data("not-in-catalogue"), taint)
    if verb in READ_VERBS:
        frame.io += 1
        frame.pending = True
        frame.missing(f"{type_name}.{name}", "not-in-catalogue", "ignored", line)
        return Value(Data("not-in-catalogue"), taint | frame.emit(resource, "r", "read", line, atomic=True, confidence="name-only"))
    if verb in QUIET_VERBS or verb not in OPAQUE_VERBS:
        frame.missing(
            f"{type_name}.{name}", "not-in-catalogue", "ignored" if verb in QUIET_VERBS or name.endswith("s") else "may-write", line
        )
        return Value(Data("client"), taint)
    frame.pending = True
    frame.missing(f"{type_name}.{name}", "not-in-catalogue", "may-write", line)
    return Value(Data("not-in-catalogue"), taint)
