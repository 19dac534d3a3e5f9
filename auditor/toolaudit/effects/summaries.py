"""One summary per function and shape of arguments: arguments bound, the body walked, cycles closed."""

from __future__ import annotations

from msgspec.structs import replace

from toolaudit.effects import edits, guesses, pragmas
from toolaudit.effects.annotations import as_annotated
from toolaudit.effects.arguments import Arguments, Fields
from toolaudit.effects.bodies import statements
from toolaudit.effects.context import (
    Bindings,
    shape,
    trim,
)
from toolaudit.effects.frame import NEVER, Chosen, Frame, Summary, World
from toolaudit.effects.instantiate import instantiate
from toolaudit.effects.objects import parameter_of
from toolaudit.effects.parameters import bind
from toolaudit.effects.values import (
    PLAIN,
    Code,
    Data,
    Either,
    Function,
    Handle,
    Instance,
    Loc,
    Manager,
    Many,
    Method,
    Partial,
    Scalar,
    Text,
    Value,
    union,
)
from toolaudit.facts import FunctionFacts, Lambda

TOOL = "<tool>"
"""The function of the frame in which a tool is called."""
MAX_DEPTH = 60
MAX_ROUNDS = 3
MAX_REDONE = 40
"""Functions of a cycle that are walked again when it is closed; in a larger one a second entrance sees a little less."""
MAX_TEXT = 16
MAX_VARIANTS = MAX_SHAPES = 12
MAX_MIDDLING, MIDDLING = 36, 120  # below so many statements: what sends all commands of a program is told apart by the command
MOST_OFTEN = 10
SMALL = 40
"""Statements of a function from which on the two limits hold as they are: a smaller one is cheaper to walk, and is walked more often."""


def call_function(frame: Frame, function: Function, arguments: Arguments, line: int) -> tuple[Value, Fields]:
    """Call a function of the project, decorators aside: its result, and the attributes it gives a receiver that the call owns."""
    world = frame.world
    bound = bind(frame, function, arguments)
    bindings = Bindings({**bound, **{f"^{name}": value for name, value in function.env}})
    outer, world.reached = world.reached, set()
    told = _told(frame, function, bindings)
    summary = summarise(world, function, bound, told, frame, line)
    keep = told if summary is None else told | _wanted(frame, function, summary, bindings)
    if keep != told:
        world.reached.clear()  # without the constants it took every branch
        summary = summarise(world, function, bound, keep, frame, line) or summary
        _pass_up(frame, summary, bindings)
    world.reached |= {*outer, f"{function.path}::{function.qualname}"}
    if summary is None:
        facts = function.code.facts
        hinted = as_annotated(world, function.path, facts, None) if isinstance(facts, FunctionFacts) else None
        return hinted or PLAIN, ()
    for name in summary.asks:
        held = bindings.find(name)
        if held is not None and parameter_of(held):
            frame.asks |= {parameter_of(held)}
            frame.refused |= {parameter_of(held)}
    return instantiate(frame, summary, bindings, line)


def call_arguments_unknown(frame: Frame, function: Function) -> Summary | None:
    """What a function does when nothing is known of its caller."""
    return summarise(frame.world, function, bind(frame, function, Arguments()), frozenset(), frame, 0)


def _told(frame: Frame, function: Function, bindings: Bindings) -> frozenset[str]:
    """The parameters that hold the name of the current tool, where it is known that it decides something: each name has its own branch."""
    world = frame.world
    if frame.function == TOOL:
        paths = {fact.parameter for fact in world.when}
    else:
        paths = world.named.get(function.code, set()) if world.when else set()
    return frozenset(path for path in paths if _is_name(world, bindings.find(path)))


def _is_name(world: World, value: Value | None) -> bool:
    form = None if value is None else value.form
    return isinstance(form, Scalar) and any(fact.value == form.value for fact in world.when)


def _wanted(frame: Frame, function: Function, summary: Summary, bindings: Bindings) -> frozenset[str]:
    """The parameters whose constants would decide something in the callee; what the caller's caller must know is passed up."""
    keep: set[str] = set()
    for demanded in summary.demands:
        path = demanded.removeprefix(edits.ANEW)
        if (value := bindings.find(path)) is None:
            continue
        if edits.is_new(value) if path != demanded else isinstance(value.form, Scalar) or _begins(value.form):
            keep.add(path)
        elif passed_up := edits.whether_new(value) if path != demanded else parameter_of(value):
            frame.demands.add(passed_up)
    told = {path for path in keep if _is_name(frame.world, bindings.find(path))}
    if told:
        frame.world.named.setdefault(function.code, set()).update(told)
    return frozenset(told) | _within_limits(frame, function, keep - told, bindings)


def _pass_up(frame: Frame, summary: Summary | None, bindings: Bindings) -> None:
    """What the callee must know of a command that its caller only begins: the rest is its caller's caller's."""
    for path in summary.demands if summary is not None and summary.opaque == "shell" else ():
        value = bindings.find(path) if ".~" in path else None
        if value is not None and parameter_of(value):
            frame.demands.add(parameter_of(value))


def _within_limits(frame: Frame, function: Function, keep: set[str], bindings: Bindings) -> frozenset[str]:
    """Of parameters whose constants decide something those that are kept apart: so many variants of one function are walked."""
    if not keep:
        return frozenset()
    seen = frame.world.chosen.setdefault(function.code, set())
    chosen = _chosen(keep, bindings)
    limit = max(_at_most(MAX_VARIANTS, function.code), MAX_MIDDLING * (statements(function.code) < MIDDLING))
    if chosen not in seen and len(seen) >= limit:
        keep = _of_few_values(keep, seen, limit // 2)
        chosen = _chosen(keep, bindings)
        if not keep or (chosen not in seen and len(seen) >= 2 * limit):
            return frozenset()
    seen.add(chosen)
    return frozenset(keep)


def _at_most(limit: int, code: Code) -> int:
    return limit * min(MOST_OFTEN, max(SMALL // statements(code), 1))


def _chosen(keep: set[str], bindings: Bindings) -> Chosen:
    return tuple((path, bindings.find(path)) for path in sorted(keep))


def _of_few_values(keep: set[str], seen: set[Chosen], few: int) -> set[str]:
    """The parameters that take few values, such as a request's method, when others, such as its path, are another text each time."""
    values: dict[str, set[Value | None]] = {path: set() for path in keep}
    for chosen in seen:
        for path, value in chosen:
            values.get(path, set()).add(value)
    return {path for path, met in values.items() if len(met) <= few}


def _begins(form: object) -> bool:
    """A text of which the beginning is known, and how the rest is made."""
    return isinstance(form, Text) and len(form.parts) <= MAX_TEXT and form.parts[0].kind == "literal"


def summarise(world: World, function: Function, bound: dict[str, Value], keep: frozenset[str], frame: Frame, line: int) -> Summary | None:
    """The summary of a function for arguments of this shape, made on first use."""
    shapes = {name: shape(value, name, name, keep) for name, value in bound.items()}
    closure = {name: shape(value, f"^{name}", f"^{name}", keep) for name, value in function.env}
    key = _key(function, shapes, closure)
    known = _known(world, key, frame)
    if known is not None:
        return known
    kin = None if keep else (function.code, function.owner, *(_acts(value.form) for value in (*shapes.values(), *closure.values())))
    if kin is not None and world.budget.dear() and (other := world.summaries.get(world.met.get(kin))) is not None:
        world.reached |= (world.reach or {}).get(world.met.get(kin), frozenset())
        frame.low = min(frame.low, other.low)  # what differs is text and structure: no reason to spend what other functions need
        return other
    if len(world.working) >= MAX_DEPTH or world.budget.spent():
        frame.missing(function.qualname, "recursion", "may-write" if guesses.sends(function.qualname) else "unknown", line)
        return None
    if _bound_shapes(world, function, shapes, closure):
        key = _key(function, shapes, closure)
        known = _known(world, key, frame)
        if known is not None:
            return known
    if kin is not None:
        world.met[kin] = key
    return _summarised(world, function, shapes, closure, key, frame)


def _acts(form: object, depth: int = 3) -> object:
    """What of an argument decides which code runs in the callee: text and plain data do not."""
    if isinstance(form, Scalar | Text | Data) or not depth:
        return None
    if isinstance(form, Either):
        return tuple(_acts(value.form, depth) for value in form.values)
    if isinstance(form, Instance):
        return (form.cls, *((name, _acts(value.form, depth - 1)) for name, value in form.fields))
    if isinstance(form, Handle):
        return (form.type, *((name, _acts(value.form, depth - 1)) for name, value in form.attrs))
    if isinstance(form, Many):
        held = (*(form.items or ()), *(value for _, value in form.entries or ()), *((form.element,) if form.element else ()))
        return tuple(_acts(value.form, depth - 1) for value in held) if held else None
    return form


def _key(function: Function, shapes: dict[str, Value], closure: dict[str, Value]) -> tuple[object, ...]:
    """A summary's key: the shapes by their hash, so that they need not be kept."""
    return (function.code, function.owner, hash(tuple(shapes.items())), hash(tuple(closure.items())))


def _known(world: World, key: object, frame: Frame) -> Summary | None:
    """A summary made before, or the unfinished one of a function that is being walked further up."""
    known = world.summaries.get(key)
    if known is not None:
        world.reached |= (world.reach or {}).get(key, frozenset())
        frame.low = min(frame.low, known.low)
        return known
    depth = world.working.get(key)
    if depth is None:
        return None
    frame.low = min(frame.low, depth)
    return world.unfinished.get(key, UNFINISHED)


UNFINISHED = Summary()


def _bound_shapes(world: World, function: Function, shapes: dict[str, Value], closure: dict[str, Value]) -> bool:
    """Past a number of shapes a function is taken at its plainest: no structure but receivers."""
    held = tuple(code for value in (*closure.values(), *shapes.values()) for code in _wrapped(value, 4))
    mark = (function.path, function.qualname, hash((function.code.line, held)))
    count = world.variants.get(mark, 0)
    world.variants[mark] = count + 1
    if count < _at_most(MAX_SHAPES, function.code):
        return False
    for name, value in shapes.items():
        if isinstance(value.form, Many | Partial | Method | Either | Manager | Function):
            shapes[name] = Value(Data(), value.taint, Loc("param", name, "") if value.loc else None)
        elif isinstance(value.form, Instance):
            shapes[name] = Value(Instance(value.form.cls), value.taint, value.loc)
    return True


def _wrapped(value: Value, depth: int) -> tuple[int, ...]:
    """The functions that a value is and holds: what a decorator wraps is another thing each time."""
    form = value.form
    if isinstance(form, Partial):
        return _wrapped(form.func, depth)
    if isinstance(form, Many) and depth:
        return tuple(code for inner in (form.items or ())[:4] for code in _wrapped(inner, depth - 1))
    if isinstance(form, Instance) and depth:
        return tuple(code for _, inner in form.fields for code in _wrapped(inner, depth - 1))
    if not isinstance(form, Function):
        return ()
    return (id(form.code), *(code for _, inner in form.env if depth for code in _wrapped(inner, depth - 1)))


def _summarised(
    world: World, function: Function, shapes: dict[str, Value], closure: dict[str, Value], key: object, frame: Frame
) -> Summary:
    """Walk a function and keep its summary.

    A summary made while a function further up was unfinished serves until that one is finished, and is then made anew on demand: so that
    each function of a cycle is walked a bounded number of times (Tarjan's low links tell the heads of cycles).
    """
    depth, stop, outer = len(world.working), world.budget.stop, world.reached
    world.working[key] = depth
    world.reached = set()
    world.budget.stop = world.budget.share(depth)
    try:
        summary = _run(world, function, shapes, closure)
        rounds = 1
        while summary.low == depth and not world.cycles and rounds < MAX_ROUNDS:
            before = summary
            world.unfinished[key] = summary
            _forget(world, depth)
            world.cycles += 1
            summary = _run(world, function, shapes, closure)
            world.cycles -= 1
            rounds += 1
            if len(summary.effects) == len(before.effects):
                break
    finally:
        del world.working[key]
        world.unfinished.pop(key, None)
        world.budget.stop = stop
        if world.reach is not None:
            world.reach[key] = frozenset(world.reached)
        world.reached |= outer
    if summary.low < depth:
        world.provisional.append((summary.low, key))
        frame.low = min(frame.low, summary.low)
    else:
        summary = replace(summary, low=NEVER)
        _forget(world, depth)
    world.summaries[key] = summary
    world.held += len(summary.effects)
    return summary


def _forget(world: World, depth: int) -> None:
    """Drop what was made with the unfinished summary of the function at this depth; of large cycles, and the second time, it is kept."""
    made: list[object] = []
    while world.provisional and world.provisional[-1][0] >= depth:
        made.append(world.provisional.pop()[1])
    for key in made if len(made) <= MAX_REDONE else ():
        if key not in world.redone:
            world.redone.add(key)
            world.summaries.pop(key, None)
    for key in made:
        if key in world.summaries:
            world.summaries[key] = replace(world.summaries[key], low=NEVER)


def _run(world: World, function: Function, shapes: dict[str, Value], closure: dict[str, Value]) -> Summary:
    """Walk the body once."""
    world.budget.walks += 1
    facts = function.code.facts
    callee = Frame(world, function.path, function.qualname, env=dict(shapes), fixed=set(shapes), closure=closure, owner=function.owner)
    if isinstance(facts, Lambda):
        return callee.summary(world.evaluate(callee, facts.body), None)
    callee.is_async = facts.is_async
    local = "." in function.qualname and function.owner is None and function.receiver is None
    callee.nested = function if local else None
    if (function.receiver is not None and facts.parameters) or (
        function.owner is not None and facts.parameters and facts.parameters[0].name in ("self", "cls")
    ):
        callee.receiver = facts.parameters[0].name
    override = pragmas.override(callee, facts)
    if override is not None:
        return override
    world.execute(callee, facts.body)
    if callee.opened:
        from toolaudit.effects.blocks import leave_opened

        leave_opened(callee)
    returns = union(callee.returns) if callee.returns else None
    yields = union(callee.yields) if callee.yields else None
    if facts.is_generator and yields is not None:
        returns = Value(Many("generator", element=yields), yields.taint)
    returns = as_annotated(world, function.path, facts, returns)
    return callee.summary(None if returns is None else trim(returns), None if yields is None else trim(yields))
