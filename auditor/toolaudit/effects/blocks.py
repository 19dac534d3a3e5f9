"""`with` blocks: locks held, transactions, managers of the project and of the catalogue."""

from __future__ import annotations

from msgspec.structs import replace

from toolaudit import facts as f
from toolaudit.effects import locks
from toolaudit.effects.arguments import NO_ARGUMENTS, Arguments
from toolaudit.effects.calls import call
from toolaudit.effects.context import Bindings, replace_locks, replace_value
from toolaudit.effects.expressions import bind_target, look
from toolaudit.effects.external import call_method
from toolaudit.effects.frame import Frame, Summary
from toolaudit.effects.instantiate import instantiate
from toolaudit.effects.objects import attribute, read
from toolaudit.effects.parameters import bind
from toolaudit.effects.results import WRAPPED
from toolaudit.effects.summaries import summarise
from toolaudit.effects.terms import Terms
from toolaudit.effects.values import PLAIN, Data, Either, Function, Handle, Instance, Manager, Taint, Value, alternatives, union

STACKS = frozenset({"contextlib.ExitStack", "contextlib.AsyncExitStack"})


def enter(frame: Frame, stmt: f.With) -> None:
    """Enter the managers in order, walk the body, leave them in reverse."""
    from toolaudit.effects.statements import execute

    held, transaction, waits = frame.locks, frame.transaction, frame.transaction_waits
    before, arms, open_before = len(frame.effects), frame.arms, len(frame.opened)
    leaving: list[tuple[Value, f.Expr, tuple[_Open, ...]]] = []
    for expr, target in stmt.items:
        frame.line = stmt.line
        value = look(frame, expr)
        opened = _enter_one(frame, value, expr, stmt, target)
        leaving.append((value, expr, opened))
    execute(frame, stmt.body)
    if all(isinstance(inner, f.Jump) and inner.kind == "pass" for inner in stmt.body):
        _nothing_written(frame, before)
    alive, frame.alive = frame.alive, True
    if any(isinstance(value.form, Handle) and value.form.type in STACKS for value, _, _ in leaving):
        leave_opened(frame, open_before)
    for value, _, opened in reversed(leaving):
        _leave(frame, value, opened, stmt.line, stmt.is_async)
    frame.alive = alive and frame.alive
    frame.arms = arms  # a manager may swallow what was raised in one branch
    frame.locks, frame.transaction, frame.transaction_waits = held, transaction, waits


def _nothing_written(frame: Frame, before: int) -> None:
    """`with open(path, "a"): pass` only makes sure that the file can be written."""
    for index in range(before, len(frame.effects)):
        if frame.effects[index].op == "append":
            frame.effects[index] = replace(frame.effects[index], op="ensure", repeat="same", atomic=True, secondary="probe")


class _Open:
    """A generator-based manager between its two halves."""

    def __init__(self, summary: Summary, bindings: Bindings, ids: list[Taint]) -> None:
        self.summary, self.bindings, self.ids = summary, bindings, ids


def leave_opened(frame: Frame, first: int = 0) -> None:
    """Leave the managers that a stack entered, the last one first."""
    alive, frame.alive = frame.alive, True
    for left in reversed(frame.opened[first:]):
        _leave(frame, *left)
    del frame.opened[first:]
    frame.alive = alive and frame.alive


def enter_until_later(frame: Frame, value: Value, line: int, is_async: bool, stack: Value | None = None) -> Value:
    """What a manager gives that is entered by a call and left with the block around (`ExitStack.enter_context`); with a stack that
    outlives the call it is not left in it."""
    stays = stack is not None and stack.loc is not None and stack.loc.root != "param"
    if _take(frame, value, f.Name(""), is_async):
        return value
    opened, given = _enter_generators(frame, value, line, is_async)
    frame.opened += [] if stays else [(value, opened, line, is_async)]
    return given if opened else _enter_object(frame, value, line, is_async)


def _take(frame: Frame, value: Value, expr: f.Expr, is_async: bool) -> bool:
    """Whether this is a lock, which is held from here on."""
    taken = locks.taken(frame, value, expr, is_async)
    frame.locks = locks.held_too(frame.locks, taken, frame.line)
    if taken and is_async:
        frame.suspend()
    return bool(taken)


def _enter_one(frame: Frame, value: Value, expr: f.Expr, stmt: f.With, target: f.Expr | None) -> tuple[_Open, ...]:
    if _take(frame, value, expr, stmt.is_async):
        if target is not None:
            bind_target(frame, target, value)
        return ()
    opened, entered = _enter_generators(frame, value, stmt.line, stmt.is_async)
    if not opened and isinstance(value.form, Manager):
        return ()
    if not opened:
        entered = _enter_object(frame, value, stmt.line, stmt.is_async)
    if target is not None:
        bind_target(frame, target, entered)
    return opened


def _enter_generators(frame: Frame, value: Value, line: int, is_async: bool) -> tuple[tuple[_Open, ...], Value]:
    """Managers that are generators, with what they yield: of an object of one class or another, each one's; their locks are not held then."""
    options = alternatives(value)
    if not any(isinstance(option.form, Manager) for option in options):
        return (), PLAIN
    opened: list[_Open] = []
    given: list[Value] = []
    held = frame.locks
    for option in options:
        if not isinstance(option.form, Manager):
            given.append(_enter_object(frame, option, line, is_async))
            continue
        entered = _enter_generator(frame, option.form, line)
        if entered is not None:
            opened.append(entered)
            given.append(
                PLAIN if entered.summary.yields is None else replace_value(entered.summary.yields, Terms(entered.ids, entered.bindings))
            )
    if len(options) > 1:
        frame.locks = held
    return tuple(opened), union(given)


def _enter_generator(frame: Frame, manager: Manager, line: int) -> _Open | None:
    form = manager.call.func.form
    if not isinstance(form, Function):
        return None
    arguments = Arguments(args=manager.call.args, keywords=manager.call.keywords)
    bound = bind(frame, form, arguments)
    bindings = Bindings({**bound, **{f"^{name}": value for name, value in form.env}})
    summary = summarise(frame.world, form, bound, frozenset(), frame, line)
    if summary is None:
        return None
    ids: list[Taint] = []
    stop = summary.yield_at if summary.yield_at >= 0 else None
    instantiate(frame, summary, bindings, line, 0, stop, ids)
    locks.handed_over(frame, replace_locks((*summary.yield_locks, *locks.lock_files(summary)), bindings), line)
    return _Open(summary, bindings, ids)


def _enter_object(frame: Frame, value: Value, line: int, is_async: bool) -> Value:
    form = value.form
    name = "__aenter__" if is_async else "__enter__"
    if isinstance(form, Either):
        return union(_enter_object(frame, option, line, is_async) for option in form.values)
    if isinstance(form, Instance):
        method = attribute(frame, value, name, line, called=True)
        if isinstance(method.form, Function):
            made = call(frame, method, NO_ARGUMENTS, line)
            _class_locks(frame, method.form)
            return made if not isinstance(made.form, Data) else value
        if is_async:
            frame.suspend()
        return value
    if isinstance(form, Handle) and (wrapped := form.attr(WRAPPED)) is not None:
        return wrapped
    if isinstance(form, Handle):
        api = frame.world.catalogue.method(form.type, name) or (frame.world.catalogue.method(form.type, "__enter__") if is_async else None)
        if is_async and (api is None or api.suspends is not False):
            frame.suspend()
        if api is not None and not (api.pure and api.origin == "default"):
            made = call_method(frame, value, name if frame.world.catalogue.method(form.type, name) else "__enter__", NO_ARGUMENTS, line)
            if api.transaction in ("begin", "begin-at-write"):
                frame.transaction = f"{frame.function}:{line}"
                frame.transaction_waits = api.transaction == "begin-at-write"
            return made if isinstance(made.form, Handle) else value
        return value
    if is_async:
        frame.suspend()
    return read(frame, value, line)


def _class_locks(frame: Frame, enter_method: Function) -> None:
    """A manager class that takes a lock in `__enter__` holds it for the block."""
    code = enter_method.code
    if isinstance(code.facts, f.FunctionFacts):
        taken = locks.acquired_in(frame, enter_method)
        frame.locks = locks.held_too(frame.locks, taken, frame.line)


def _leave(frame: Frame, value: Value, opened: tuple[_Open, ...], line: int, is_async: bool) -> None:
    for generator in opened:
        if generator.summary.yield_at >= 0:
            awaits, io = generator.summary.awaits, generator.summary.io
            instantiate(frame, generator.summary, generator.bindings, line, generator.summary.yield_at, None, generator.ids)
            frame.awaits, frame.io = frame.awaits - awaits, frame.io - io
    if opened:
        return
    name = "__aexit__" if is_async else "__exit__"
    if isinstance(value.form, Either):
        for option in value.form.values:
            _leave(frame, option, (), line, is_async)
    elif isinstance(value.form, Instance):
        method = attribute(frame, value, name, line, called=True)
        if isinstance(method.form, Function):
            call(frame, method, NO_ARGUMENTS, line)
    elif isinstance(value.form, Handle):
        api = frame.world.catalogue.method(value.form.type, name)
        if api is not None and api.effects:
            call_method(frame, value, name, NO_ARGUMENTS, line)
