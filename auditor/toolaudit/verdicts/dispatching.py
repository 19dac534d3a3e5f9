"""Runners in the scanned code: functions that go over the tool calls of one turn and start them, and what care they take."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from toolaudit.facts import (
    Assign,
    Attr,
    Await,
    Call,
    Clause,
    Comprehension,
    Const,
    Define,
    Expr,
    For,
    FunctionFacts,
    FunctionHead,
    Handler,
    Keyword,
    Name,
)
from toolaudit.model import Place, Runner, Tool
from toolaudit.project.answers import Answers
from toolaudit.project.source import Project

MENTIONS = re.compile(r"tool_calls|function_calls|tool_use|function_call\b")
BATCHES = frozenset({"tool_calls", "function_calls", "tool_uses", "tool_use_blocks", "function_call_parts"})
BLOCKS = frozenset({"tool_use", "function_call"})
LOOP = re.compile(r"\bfor\b|\.map\(")
NAMED = re.compile(rf"""\b(?:{"|".join(sorted(BATCHES))})\b|["'](?:{"|".join(sorted(BLOCKS))})["']""")
TOGETHER = {
    "gather": "gather",
    "create_task": "tasks",
    "start_soon": "tasks",
    "as_completed": "as-completed",
    "submit": "executor",
    "Thread": "executor",
}
TOGETHER_IN = {
    "processes": frozenset({"ProcessPoolExecutor", "Process", "multiprocessing"}),
    "threads": frozenset({"ThreadPoolExecutor", "ThreadPool", "Thread", "to_thread", "run_in_executor", "run_sync", "asyncify"}),
}
TIMEOUTS = frozenset({"timeout", "wait_for", "fail_after", "move_on_after", "timeout_seconds", "call_timeout", "tool_timeout"})
LIMITS = frozenset({"Semaphore", "BoundedSemaphore", "CapacityLimiter", "max_workers", "max_concurrency", "semaphore", "limiter"})
LOCKS = frozenset({"Lock", "RLock", "lock", "locks"})
RESULTS = frozenset({"tool", "tool_result", "function_call_output", "function_response"})
IDENTITIES = frozenset({"tool_call_id", "tool_use_id", "call_id", "id"})


class DispatchSite(Struct, frozen=True, order=True):
    """One place that starts the calls of a turn.

    `way`: serial-await, serial, gather, tasks, as-completed, executor. The flags say which care was seen in the same function.
    """

    place: Place
    way: str
    keeps_failures: bool = False
    has_timeout: bool = False
    has_limit: bool = False
    has_lock: bool = False
    answers: bool = False
    """It builds the messages that carry results."""
    matches_ids: bool = False
    runs: Runner = "unknown"
    """How it runs tools that are plain functions."""

    @property
    def together(self) -> bool:
        return not self.way.startswith("serial")


_sites = msgspec.msgpack.Decoder(list[DispatchSite])


def dispatch_sites(project: Project, answers: Answers | None = None) -> tuple[DispatchSite, ...]:
    """Every runner in the files that can hold tools, sorted by place. `answers` keeps those of each file until the next run."""
    answers = answers or Answers(project)
    found = {path: sites for path in project.candidates if (sites := answers.known(f"runs {path}", _sites)) is not None}
    chosen = {path: list(_chosen(project, path)) for path in project.candidates if path not in found}
    project.prefetch([(path, qualname) for path, qualnames in chosen.items() for qualname in qualnames])
    for path, qualnames in chosen.items():
        watched = answers.watched()
        watched.index(path)
        read = [facts for qualname in qualnames if (facts := watched.facts(path, qualname)) is not None]
        found[path] = answers.put(f"runs {path}", [site for facts in read if (site := _site(path, facts)) is not None], watched)
    return tuple(sorted(site for sites in found.values() for site in sites))


def _chosen(project: Project, path: str) -> Iterator[str]:
    """The functions of a file that may be runners."""
    index = project.index(path)
    if index is not None and MENTIONS.search("\n".join(project.lines(path))):
        yield from (head.qualname for head in index.functions if head.nested_in is None and _may_run(project, path, head))


def _may_run(project: Project, path: str, head: FunctionHead) -> bool:
    """Whether a function's text has a loop and a name of what `_site` looks for: few have, and only those are read."""
    text = "\n".join([project.line(path, number) for number in range(head.line, head.end + 1)])
    return bool(MENTIONS.search(text) and LOOP.search(text) and NAMED.search(text))


def _site(path: str, facts: FunctionFacts) -> DispatchSite | None:
    nodes = list(_nodes(facts.body))
    names = BATCHES | _aliases(nodes)
    lines = [node.line for node in nodes if isinstance(node, For) and _over_calls(node.iterable, node, names)]
    comprehended = any(_over_calls(c.iterable, c, names) for node in nodes if isinstance(node, Comprehension) for c in node.clauses)
    words = {word for node in nodes for word in _words(node)}
    mapped = _mapped(nodes, names)
    way, line = ("executor", mapped) if mapped else _way(nodes, names)
    if not (lines or comprehended or mapped) or not way:
        return None
    return DispatchSite(
        place=Place(path, line or (lines or [facts.line])[0], facts.qualname),
        way=way,
        keeps_failures="return_exceptions" in words or "except" in words,
        has_timeout=bool(words & TIMEOUTS),
        has_limit=bool(words & LIMITS),
        has_lock=bool(words & LOCKS),
        answers=bool({f"={word}" for word in RESULTS} & words),
        matches_ids=bool(words & IDENTITIES),
        runs=_runs(way, words),
    )


def _runs(way: str, words: set[str]) -> Runner:
    """A plain function that a coroutine calls is never interleaved, so it is on the event loop unless something hands it to a thread."""
    if way.startswith("serial"):
        return "serial"
    if words & TOGETHER_IN["processes"]:
        return "processes"
    return "threads" if way == "executor" or words & TOGETHER_IN["threads"] else "event-loop"


def _aliases(nodes: list[Any]) -> frozenset[str]:
    """Local names of the list of tool calls: `calls = reply.tool_calls`, `calls = message["tool_calls"]`."""
    return frozenset(
        target.id
        for node in nodes
        if isinstance(node, Assign) and node.value is not None and _names(node.value) & BATCHES
        for target in node.targets
        if isinstance(target, Name)
    )


def _names(expression: Any) -> set[str]:
    """Names, attributes and text keys in an expression."""
    found: set[str] = set()
    for node in _nodes(expression):
        if isinstance(node, Attr):
            found.add(node.attr)
        elif isinstance(node, Name):
            found.add(node.id)
        elif isinstance(node, Const) and isinstance(node.value, str):
            found.add(node.value)
    return found


def _over_calls(iterable: Expr, loop: For | Clause, names: frozenset[str]) -> bool:
    """Whether a loop goes over the tool calls of a message: by the name of the list, or by the type of the blocks that it picks."""
    if _names(iterable) & names:
        return True
    tests = loop.conditions if isinstance(loop, Clause) else loop.body
    return any(isinstance(node, Const) and node.value in BLOCKS for node in _nodes(tests))


def _mapped(nodes: list[Any], names: frozenset[str]) -> int:
    """The line of `pool.map(run, reply.tool_calls)`."""
    calls = (node for node in nodes if isinstance(node, Call) and isinstance(node.func, Attr) and node.func.attr == "map")
    return next((call.line for call in calls if any(_names(value) & names for value in call.args[1:])), 0)


def _way(nodes: list[Any], names: frozenset[str]) -> tuple[str, int]:
    """How the calls are started, and the line."""
    for node in nodes:
        if isinstance(node, Call):
            name = node.func.attr if isinstance(node.func, Attr) else node.func.id if isinstance(node.func, Name) else ""
            if name in TOGETHER:
                return TOGETHER[name], node.line
    for node in nodes:
        if isinstance(node, For) and _over_calls(node.iterable, node, names):
            calls = [inner for inner in _nodes(node.body) if isinstance(inner, Await) and isinstance(inner.value, Call)]
            if calls:
                return "serial-await", calls[0].line
            if any(isinstance(inner, Call) for inner in _nodes(node.body)):
                return "serial", node.line
    return "", 0


# --- the tools of a hand-written runner ------------------------------------------------------------------------------


def told(tools: Iterable[Tool], sites: Sequence[DispatchSite], hand_written: frozenset[str]) -> tuple[Tool, ...]:
    """Tools whose framework leaves the running to the application run as the code's own runner starts them: one in the tool's file, else any.

    Of several runners the one that interleaves most counts. `hand_written`: names of those frameworks.
    """
    return tuple(
        replace(tool, runs=_by_sites(tool, sites)) if tool.runs == "unknown" and tool.framework in hand_written else tool for tool in tools
    )


def _by_sites(tool: Tool, sites: Sequence[DispatchSite]) -> Runner:
    near = [site for site in sites if site.place.file == tool.file] or sites
    found = {_for(tool, site) for site in near}
    for one in INTERLEAVING:
        if one in found:
            return one
    return "unknown"


def _for(tool: Tool, site: DispatchSite) -> Runner:
    """A coroutine stays on the loop where others are handed to threads."""
    return "event-loop" if tool.is_async and site.runs == "threads" and site.way != "executor" else site.runs


INTERLEAVING: tuple[Runner, ...] = ("threads", "processes", "event-loop", "serial")


def _words(node: Any) -> Iterator[str]:
    """Names, attributes and keywords; text constants with `=` before them."""
    if isinstance(node, Name):
        yield node.id
    elif isinstance(node, Attr):
        yield node.attr
    elif isinstance(node, Const) and isinstance(node.value, str):
        yield f"={node.value}"
        if node.value in IDENTITIES:
            yield node.value
    elif isinstance(node, Keyword) and node.name:
        yield node.name
    elif isinstance(node, Handler):
        yield "except"


def _nodes(value: Any) -> Iterator[Any]:
    """Every statement and expression below, the bodies of inner functions included."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple):
            stack.extend(reversed(item))
        elif isinstance(item, Define):
            stack.append(item.function.body)
        elif isinstance(item, Struct):
            yield item
            stack.extend(getattr(item, name) for name in reversed(item.__struct_fields__))
