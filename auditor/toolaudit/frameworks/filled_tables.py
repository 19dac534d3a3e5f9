"""Tables that a decorator of the project fills (`@register("x")` with `REGISTRY[name] = fn` inside), and whether a model's calls pick from them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolaudit.facts import Assign, Attr, Call, Expr, FunctionFacts, FunctionHead, Item, Name
from toolaudit.frameworks.bodies import MODULE, Bodies
from toolaudit.frameworks.callables import FunctionRef
from toolaudit.frameworks.discover_calls import argument
from toolaudit.frameworks.home_made import stores
from toolaudit.frameworks.names import Target
from toolaudit.frameworks.nodes import functions, inner
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.texts import text_of

CALLS = re.compile(r"\btool_calls?\b|\btool_uses?\b|\bfunction_calls?\b|\bfunctionCalls?\b")
"""What only code that gets a model's calls speaks of."""
_PICKED = re.compile(r"(?:\[|\.get\()\s*[\w.]*name\b")
_THREADS = re.compile(r"\bto_thread\b|\brun_in_executor\b|\brun_sync\b|\brun_in_threadpool\b|\bsubmit\(|\bThread\(")
_OF_CALL = re.compile(r"(?:^|\.)(?:function|tool|block|part|\w*call|\w*use|[a-z]{1,2})\.name$")


def picking(bodies: Bodies, path: str) -> list[str]:
    """The functions of a file that speak of a model's calls and look something up by a name."""
    index = bodies.project.index(path)
    if index is None or not CALLS.search(bodies.names.text(path)[0]):
        return []
    return [one for one in bodies.holders(index, [line for line, _ in bodies.hits(path, _PICKED)]) if speaks_of_calls(bodies, path, one)]


def speaks_of_calls(bodies: Bodies, path: str, qualname: str) -> bool:
    head = bodies.names.head(path, qualname)
    return head is not None and CALLS.search(bodies.names.between(path, head.line, head.end)) is not None


def is_of_call(subject: str) -> bool:
    """A name that a model's call gave: `call.function.name`, `tool_call.name`."""
    return _OF_CALL.search(subject) is not None


def calls_on_loop(bodies: Bodies, path: str, facts: FunctionFacts) -> bool:
    """A coroutine that hands nothing to threads: what it calls runs on the event loop."""
    return facts.is_async and not hands_to_threads(bodies, path, facts.qualname)


def hands_to_threads(bodies: Bodies, path: str, qualname: str) -> bool:
    head = bodies.names.head(path, qualname)
    return head is None or _THREADS.search(bodies.names.between(path, head.line, head.end)) is not None


def takes_in_others(bodies: Bodies, path: str) -> bool:
    """A star import of something that is not in sight: `globals()` may hold any name."""
    index = bodies.project.index(path)
    return index is not None and any(one.name == "*" and bodies.project.module(one.module) is None for one in index.imports)


def decorated_into(bodies: Bodies, scope: Scope, table: Expr) -> Iterator[tuple[str, FunctionRef]]:
    """Name and function of everything that the project's own decorators put into a module-level table."""
    for target in scope.resolve(table):
        fillers = _fillers(bodies, target) if target.kind == "value" else set()
        for path in _decorating(bodies, fillers):
            index = bodies.project.index(path)
            for head in index.functions if index is not None else ():
                for decorator in head.decorators:
                    func = decorator.func if isinstance(decorator, Call) else decorator
                    meant = bodies.names.resolve(path, func) if isinstance(func, Name | Attr) else ()
                    if any((one.path, one.qualname) in fillers for one in meant):
                        yield _name(bodies, path, head, decorator), _ref(path, head)


def _decorating(bodies: Bodies, fillers: set[tuple[str, str]]) -> list[str]:
    """The files that use one of these decorators, whether or not anything else in them speaks of tools."""
    if not fillers:
        return []
    names = "|".join(sorted({re.escape(qualname.rsplit(".", 1)[-1]) for _, qualname in fillers}))
    used = re.compile(rf"^[ \t]*@(?:[\w.]+\.)?(?:{names})\b", re.MULTILINE)
    renamed = re.compile(rf"\bimport\b.*\b(?:{names})\s+as\b")
    texts = ((path, "\n".join(bodies.project.lines(path))) for path in bodies.project.files)
    return [path for path, text in texts if used.search(text) or renamed.search(text)]


def _fillers(bodies: Bodies, table: Target) -> set[tuple[str, str]]:
    """The functions of a table's own module that keep a parameter in it."""
    index = bodies.project.index(table.path)
    lines = [line for line, _ in bodies.hits(table.path, re.compile(rf"\b{re.escape(table.qualname)}\["))]
    found: set[tuple[str, str]] = set()
    for qualname in bodies.holders(index, lines) if index is not None and table.qualname else ():
        facts = bodies.project.facts(table.path, qualname) if qualname != MODULE else None
        if facts is not None and any(stores(one) and _fills(one, table.qualname) for one in functions(facts)):
            found.add((table.path, qualname))
    return found


def _fills(facts: FunctionFacts, name: str) -> bool:
    targets = [target for one in inner(facts.body) if isinstance(one, Assign) for target in one.targets]
    return any(isinstance(target, Item) and isinstance(target.value, Name) and target.value.id == name for target in targets)


def _name(bodies: Bodies, path: str, head: FunctionHead, decorator: Expr) -> str:
    if isinstance(decorator, Call):
        for place in ("argument:0", "keyword:name"):
            said = text_of(bodies.scope(path), argument(decorator, place))
            if said:
                return said
    return head.name


def _ref(path: str, head: FunctionHead) -> FunctionRef:
    return FunctionRef("function", path, head.qualname, head.line, head.owner or "", path, "shared" if head.owner else "none")
