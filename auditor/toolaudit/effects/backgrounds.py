"""Memory that runs in the background renew: no tool writes it, and yet what a tool reads of it is not the same for ever."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from msgspec.structs import replace

from toolaudit.effects.frame import Frame, World
from toolaudit.effects.free import CHANGING, nodes
from toolaudit.effects.values import Loc
from toolaudit.facts import Assign, Attr, Augment, Call, Delete, Expr, FunctionFacts, FunctionHead, Item, Name, Scope
from toolaudit.model import RENEWED

MODULE = "<module>"
MAX_FUNCTIONS = 40
_CHANGING = CHANGING | {"put", "put_nowait"}
_STARTERS = frozenset({
    "Thread", "Timer", "start_new_thread", "create_task", "ensure_future", "run_coroutine_threadsafe", "start_soon", "spawn", "add_job",
    "call_later", "submit", "run_in_executor",
})  # fmt: skip
_HANDLERS = r"(?:add_|set_|register_)?(?:\w+_)?(?:handler|listener|callback|observer|hook)s?"
_KEEPS = re.compile(rf"on|on_\w+|subscribe|{_HANDLERS}", re.IGNORECASE)
"""What is handed to these is called when something comes in: `page.on("console", keep)`, `client.on_message = keep`."""
_STARTS = re.compile(
    rf"\b(?:{'|'.join(sorted(_STARTERS))})\s*\(|\.(?:on|subscribe|{_HANDLERS})\s*\(|\.(?:on_\w+|{_HANDLERS})\s*=[^=]", re.IGNORECASE
)


def mark(frame: Frame) -> None:
    """Say of the reads of a finished walk which of them are of such memory."""
    for index, effect in enumerate(frame.effects):
        if effect.mode == "r" and not effect.note and isinstance(effect.target, Loc) and is_renewed(frame.world, effect.target):
            frame.effects[index] = replace(effect, note=RENEWED)


def is_renewed(world: World, loc: Loc) -> bool:
    """What lives there is changed by something that runs in the background."""
    if loc.root not in ("self", "global"):
        return False
    first = next((step for step in loc.path if isinstance(step, str)), "") if loc.root == "self" else loc.name
    path = loc.scope.partition("::")[0]
    if first and path not in world.renewed:
        world.renewed[path] = frozenset(written for facts in _running(world, path) for written in _writes(facts))
    return bool(first) and (loc.root, first) in world.renewed[path]


def _running(world: World, path: str) -> Iterator[FunctionFacts]:
    """The functions of a file that code of it starts in the background, and those of the file that they call."""
    index = world.project.index(path)
    if index is None:
        return
    waiting = [name for head in _holders(world, path, index.functions) for name in _started(world, path, head)]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        for head in index.functions if name not in seen and len(seen) < MAX_FUNCTIONS else ():
            facts = world.project.facts(path, head.qualname) if head.name == name and name != "__init__" else None
            if facts is not None:
                yield facts
                waiting += [_last(node.func) for node in nodes(facts.body) if isinstance(node, Call)]
        seen.add(name)


def _holders(world: World, path: str, heads: tuple[FunctionHead, ...]) -> list[str]:
    """The outermost functions, or the top level, in which something is started."""
    lines = [number for number, line in enumerate(world.project.lines(path), 1) if _STARTS.search(line)]
    outer = [head for head in heads if head.nested_in is None]
    inside = (next((head.qualname for head in outer if head.start <= line <= head.end), MODULE) for line in lines)
    return list(dict.fromkeys(inside))


def _started(world: World, path: str, qualname: str) -> Iterator[str]:
    """The names of the functions that a function hands over to be run in the background, or when something comes in."""
    facts = world.project.facts(path, qualname)
    for node in nodes(facts.body) if facts is not None else ():
        given: tuple[Expr, ...] = ()
        if isinstance(node, Call) and (_last(node.func) in _STARTERS or _KEEPS.fullmatch(_last(node.func))):
            given = (*node.args, *(keyword.value for keyword in node.keywords))
        elif isinstance(node, Assign) and any(isinstance(to, Attr) and _KEEPS.fullmatch(to.attr) for to in node.targets):
            given = (node.value,) if node.value is not None else ()
        for one in given:
            name = _last(one.func if isinstance(one, Call) else one)
            if name:
                yield name


def _last(expr: Expr) -> str:
    return expr.attr if isinstance(expr, Attr) else expr.id if isinstance(expr, Name) else ""


def _writes(facts: FunctionFacts) -> Iterator[tuple[str, str]]:
    """The names of the attributes and of the variables of its module that a function sets, or changes in place, with what holds them."""
    every = tuple(nodes(facts.body))
    declared = {name for node in every if isinstance(node, Scope) for name in node.names}
    for node in every:
        if isinstance(node, Assign | Delete):
            targets = node.targets
        elif isinstance(node, Augment):
            targets = (node.target,)
        elif isinstance(node, Call) and isinstance(node.func, Attr) and node.func.attr in _CHANGING:
            targets = (Item(node.func.value, node.func.value),)
        else:
            continue
        for target in targets:
            yield from _held(target, declared)


def _held(target: Expr, declared: Collection[str]) -> Iterator[tuple[str, str]]:
    """What an assignment to a target changes: every attribute on its way, and the variable where it starts."""
    part = False
    while isinstance(target, Item | Attr):
        if isinstance(target, Attr):
            yield "self", target.attr
        target, part = target.value, True
    if isinstance(target, Name) and (part or target.id in declared):
        yield "global", target.id
