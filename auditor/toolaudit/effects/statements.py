"""Statements: one structured walk, branches joined, conditions carried as what the rest depends on."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Any

from toolaudit import facts as f
from toolaudit.branches import MAX_WAYS, Arms, way
from toolaudit.effects import assign, attributes, blocks, bodies, deleting, edits, lazily, names, refusals
from toolaudit.effects.expressions import bind_target, evaluate, look, tested
from toolaudit.effects.frame import MAX_ARMS, Frame, Jump
from toolaudit.effects.iteration import members
from toolaudit.effects.objects import read
from toolaudit.effects.truth import NOTHING_MET, Met, facts_of, met, missed_rows, refuses_all_but_reads, truth
from toolaudit.effects.values import CLEAN, Class, Data, Function, Scalar, Taint, Text, Value, bare, join_taint, passed, union
from toolaudit.project.resolve import ClassRef


def execute(frame: Frame, body: tuple[f.Stmt, ...]) -> None:
    """Walk statements in order, until one of them ends the path."""
    for index, stmt in enumerate(body):
        if not frame.alive:
            return
        if isinstance(stmt, f.If):
            _if(frame, stmt, body[index + 1 :])
        else:
            _EXECUTE[type(stmt)](frame, stmt)


def _evaluate(frame: Frame, stmt: f.Evaluate) -> None:
    frame.line = stmt.line
    frame.statement = stmt.value.value if isinstance(stmt.value, f.Await) else stmt.value
    value = look(frame, stmt.value)
    if isinstance(stmt.value, f.Await) and value.loc is not None:
        read(frame, value, stmt.line)


def _return(frame: Frame, stmt: f.Return) -> None:
    frame.line = stmt.line
    if stmt.value is not None:
        loops, frame.in_loop = frame.in_loop, 0  # it ends the loop: what it does is done once
        value = look(frame, stmt.value)
        frame.in_loop = loops
        if isinstance(value.form, Scalar | Text) and value.loc is not None:
            value = read(frame, value, stmt.line).at(None)
        elif isinstance(value.form, Data) and value.loc is not None:
            value = read(frame, value, stmt.line)
        frame.returns.append(value.tainted(frame.control) if frame.control else value)
    frame.alive, frame.ended = False, frame.ended + 1


def _raise(frame: Frame, stmt: f.Raise) -> None:
    frame.line = stmt.line
    if stmt.exception is not None:
        evaluate(frame, stmt.exception)
    frame.exits = join_taint(frame.exits, frame.control)
    frame.alive, frame.ended = False, frame.ended + 1


def _if(frame: Frame, stmt: f.If, rest: tuple[f.Stmt, ...]) -> None:
    frame.line = stmt.line
    ladder, frame.ladder = frame.ladder, None
    first, test = len(frame.effects), tested(frame, stmt.test)
    decided = truth(frame, stmt.test)
    if decided is not None:
        frame.ladder = ladder if not decided and bodies.is_rung(stmt.orelse) else None
        execute(frame, stmt.body if decided else stmt.orelse)
        frame.ladder = None
        return
    when, marks = facts_of(frame, stmt.test, frame.when), refusals.marks_of_ways(stmt, test.taint, rest)
    branch(frame, test.taint, [(when, stmt.body), (frame.when, stmt.orelse)], met(frame, stmt.test, first), ladder, marks)
    query = refuses_all_but_reads(frame, stmt)
    if query:
        frame.asks |= {query}
        frame.refused |= {query} if isinstance(stmt.body[-1], f.Raise) else frozenset()


def branch(
    frame: Frame,
    taint: Taint,
    paths: list[tuple[Any, tuple[f.Stmt, ...]]],
    found: Met = NOTHING_MET,
    ladder: tuple[str, int] | None = None,
    marks: list[Taint] | None = None,
) -> None:
    """Walk alternatives from the same state and join what they leave; when one of them ends, the rest depends on the condition.

    `found` is the way on which a look-up met something; `ladder` the condition of which an `elif` is one more way; `marks` are those of each way.
    """
    outer, when, before = frame.control, frame.when, frame.env
    fixed, asks, fields, fresh, first_end = frame.fixed, frame.asks, frame.fields, frame.fresh, frame.ended
    ends: list[dict[str, Value]] = []
    kept: list[dict[str, Value]] = []
    left_fixed, left_fresh = list[set[str]](), list[set[str]]()
    arms = frame.arms[:-1] if ladder else frame.arms
    key, first = ladder or (str(frame.line), 0)
    missed = join_taint(taint if found.way is None else edits.nothing_met(taint), missed_rows(frame, taint, found.way))
    there = join_taint(edits.found(taint), found.there)
    marks = marks or [CLEAN] * len(paths)
    ways, open_ways = list[int](), list[int]()
    ended = False
    for number, (facts, body) in enumerate(paths):
        last = number == len(paths) - 1
        frame.arms = (*arms, (key, way(first + number, last=last))) if _apart(frame, arms) else arms
        rung = last and bodies.is_rung(body) and len(frame.arms) > len(arms) and first + number < MAX_WAYS
        frame.ladder = (key, first + number) if rung else None
        frame.env = dict(before)
        frame.fixed, frame.asks, frame.fields, frame.fresh = set(fixed), asks, dict(fields), set(fresh)
        frame.alive = True
        frame.control = join_taint(outer, join_taint(frame.sticky, there if number == found.way else missed))
        frame.control = join_taint(edits.not_met(frame.control, marks, number), marks[number])
        frame.when = facts
        if facts is None:
            continue
        execute(frame, body)
        kept.append(frame.fields)
        if frame.alive:
            ends.append(frame.env)
            left_fixed.append(frame.fixed)
            left_fresh.append(frame.fresh)
            open_ways.append(number)
            ways.append(dict(frame.arms[len(arms) :]).get(key, way(first + number, last=last)))
        ended |= not frame.alive
    frame.ladder = None
    frame.arms = _left(frame, arms, key, ways if ended else [])
    frame.alive = bool(ends)
    frame.env = join(ends, before, taint) if ends else before
    frame.fields = attributes.either(kept or [fields])
    frame.fixed = set.intersection(*left_fixed) if left_fixed else fixed
    frame.fresh = set.intersection(*left_fresh) if left_fresh else fresh
    frame.when, frame.asks = when, asks
    frame.control = join_taint(outer, frame.sticky)
    if ended and ends:
        frame.sticky, frame.control = (edits.not_met(taint, marks, open_ways[0]) for taint in (frame.sticky, frame.control))
        frame.guard(join_taint(there if open_ways == [found.way] else missed, marks[open_ways[0]]))
    elif ends and frame.ended > first_end:  # one of the ways may end: what follows depends on which was taken
        frame.guard(frozenset(edits.plain(taint)))


def _left(frame: Frame, arms: Arms, key: str, ways: list[int]) -> Arms:
    """Where the ways that did not end go on."""
    return (*arms, (key, reduce(or_, ways))) if ways and _apart(frame, arms) else arms


def _apart(frame: Frame, arms: Arms) -> bool:
    """Whether a call takes only one of the ways: in a loop it takes each in its turn."""
    return not frame.in_loop and len(arms) < MAX_ARMS


def join(ends: list[dict[str, Value]], before: dict[str, Value], taint: Taint = CLEAN) -> dict[str, Value]:
    """The variables after alternatives: what differs between them also derives from the condition."""
    if len(ends) == 1 and not taint:
        return ends[0]
    out = dict(ends[0])
    for end in ends[1:]:
        for name, value in end.items():
            known = out.get(name)
            if known is None:
                out[name] = value
            elif known is not value and known != value:
                out[name] = union([known, value])
    if taint:
        for name, value in out.items():
            if before.get(name) is not value:
                out[name] = value.tainted(taint)
    return out


def _while(frame: Frame, stmt: f.While) -> None:
    frame.line = stmt.line
    frame.in_loop += 1
    test = tested(frame, stmt.test)
    frame.in_loop -= 1
    _loop(frame, test.taint, stmt)


def _for(frame: Frame, stmt: f.For) -> None:
    frame.line = stmt.line
    iterable = look(frame, stmt.iterable)
    if _given_nothing(frame, stmt.iterable):
        execute(frame, stmt.orelse)
        return
    held = members(frame, iterable, stmt.line)
    if stmt.is_async:
        frame.suspend()
    bind_target(frame, stmt.target, held)
    _loop(frame, held.taint, stmt)


def _given_nothing(frame: Frame, iterable: f.Expr) -> bool:
    """`given or []` where the caller gave nothing."""
    if not isinstance(iterable, f.Boolean) or iterable.op != "or":
        return False
    last = iterable.values[-1]
    return isinstance(last, f.Display) and not last.items and all(truth(frame, part) is False for part in iterable.values[:-1])


def _loop(frame: Frame, taint: Taint, stmt: f.For | f.While) -> None:
    """One pass stands for all; the body may not run at all."""
    outer, before, sticky = frame.control, dict(frame.env), frame.sticky
    frame.control = join_taint(outer, taint)
    frame.fixed -= bodies.assigned(stmt.body)
    jumps, frame.jumps = frame.jumps, []
    again = not bodies.tries(stmt)
    frame.in_loop += again
    execute(frame, stmt.body)
    frame.in_loop -= again
    met, frame.jumps = frame.jumps, jumps
    passes = [frame.env] if frame.alive or not met else []
    passes += [_changed(jump, before) for jump in met if jump.kind == "continue"]
    broken = [jump for jump in met if jump.kind == "break"]
    if not frame.alive and not met:
        sticky = join_taint(sticky, frame.sticky)
    frame.alive = True
    frame.env = join([before, *passes], before, taint)
    frame.sticky = join_taint(sticky, passed(frame.exits, frame.sticky))
    frame.control = join_taint(outer, frame.sticky)
    execute(frame, stmt.orelse)
    if not broken:
        return
    if not frame.alive:
        for jump in broken:  # what follows runs only after a `break`
            frame.guard(jump.control)
    ends = [frame.env] if frame.alive else []
    frame.env = join([*ends, *(_changed(jump, before) for jump in broken)], before, taint)
    frame.alive = True


def _changed(jump: Jump, before: dict[str, Value]) -> dict[str, Value]:
    """The variables at a jump: what the loop changed derives from the conditions under which it jumps; a flag says what was looked up."""
    env = join([jump.env], before, jump.control)
    if not jump.looked:
        return env
    flags = {name for name, value in jump.env.items() if isinstance(value.form, Scalar) and before.get(name) is not value}
    return {name: value.tainted(jump.looked) if name in flags else value for name, value in env.items()}


def _try(frame: Frame, stmt: f.Try) -> None:
    frame.line = stmt.line
    before, fields = dict(frame.env), dict(frame.fields)
    first = len(frame.effects)
    outer_locks, arms = frame.locks, frame.arms
    execute(frame, stmt.body)
    if frame.alive:
        execute(frame, stmt.orelse)
    frame.arms = arms
    ends, kept, returned = [frame.env] if frame.alive else [], [frame.fields], not frame.alive
    after, halfway = join([before, frame.env], before), attributes.either([fields, frame.fields])
    looked = frozenset(i for i in range(first, len(frame.effects)) if "r" in frame.effects[i].mode)
    outer = frame.control
    body_locks = frame.locks
    for handler in stmt.handlers:
        frame.env, frame.fields = dict(after), dict(halfway)
        frame.alive = True
        frame.locks, frame.arms = outer_locks, arms
        frame.control = join_taint(outer, looked) if refusals.of_absence(handler.type) else outer
        if handler.name:
            frame.env[handler.name] = Value(Data())
        handled = len(frame.effects)
        execute(frame, handler.body)
        lazily.made_instead(frame.effects, handled, looked)
        kept.append(frame.fields)
        if frame.alive:
            ends.append(frame.env)
    frame.control = join_taint(outer, frame.sticky)
    if returned and ends:  # what follows is done where the body failed
        frame.guard(looked)
    frame.locks, frame.arms = body_locks, arms
    frame.alive = bool(ends)
    frame.env = join(ends, before) if ends else after
    frame.fields = attributes.either(kept)
    if stmt.finalbody:
        alive, frame.alive = frame.alive, True
        execute(frame, stmt.finalbody)
        frame.alive = alive and frame.alive


def _match(frame: Frame, stmt: f.Match) -> None:
    frame.line = stmt.line
    subject = evaluate(frame, stmt.subject)
    paths: list[tuple[Any, tuple[f.Stmt, ...]]] = []
    total = False
    for case in stmt.cases:
        test = _case_test(stmt.subject, case.pattern)
        decided = truth(frame, test) if test is not None else None
        if decided is False:
            continue
        when = facts_of(frame, test, frame.when) if test is not None else frame.when
        paths.append((when, (*_captures(stmt.subject, case), *case.body)))
        total |= isinstance(case.pattern, f.Name) and case.guard is None
        if decided or total:
            break
    if not total and not (paths and decided):
        paths.append((frame.when, ()))
    if len(paths) == 1:
        execute(frame, paths[0][1])
    else:
        branch(frame, subject.taint, paths)


def _case_test(subject: f.Expr, pattern: f.Expr) -> f.Expr | None:
    if isinstance(pattern, f.Const | f.Attr):
        return f.Compare(subject, ("==",), (pattern,))
    if isinstance(pattern, f.Display) and pattern.kind == "or" and all(isinstance(item, f.Const | f.Attr) for item in pattern.items):
        return f.Compare(subject, ("in",), (f.Display("tuple", pattern.items),))
    return None


def _captures(subject: f.Expr, case: f.Case) -> tuple[f.Stmt, ...]:
    """Names that a pattern binds take the subject (or a part of it)."""
    out: list[f.Stmt] = []
    if isinstance(case.pattern, f.Name) and case.pattern.id != "_":
        out.append(f.Assign((case.pattern,), subject, case.line))
    if case.guard is not None:
        out.append(f.Evaluate(case.guard, case.line))
    return tuple(out)


def _define(frame: Frame, stmt: f.Define) -> None:
    facts = stmt.function
    code = frame.world.shared.inner_box(facts)
    frame.local_codes.add(code)
    function = Function(frame.path, facts.qualname, code, None)
    name = facts.qualname.rsplit(".", 1)[-1]
    value = Value(names.capture(frame, function))
    frame.env[name] = _decorated(frame, facts, value) if facts.decorators else value


def _decorated(frame: Frame, facts: f.FunctionFacts, value: Value) -> Value:
    """Decorators of a local function, applied where it is defined; those of foreign code leave it as it is."""
    from toolaudit.effects.arguments import Arguments
    from toolaudit.effects.calls import call

    current = value
    for decorator in reversed(facts.decorators):
        made = evaluate(frame, decorator)
        if isinstance(made.form, Function):
            assert isinstance(current.form, Function)
            wrapped = call(frame, made, Arguments(args=(Value(bare(current.form)),)), facts.line)
            if isinstance(wrapped.form, Function):
                current = Value(bare(wrapped.form))
    return current


def _define_class(frame: Frame, stmt: f.DefineClass) -> None:
    for known in (f"{frame.function}.{stmt.name}", stmt.name):
        ref = ClassRef(frame.path, known)
        if frame.world.resolver.klass(ref) is not None:
            frame.env[stmt.name] = Value(Class(ref))
            return


def _scope(frame: Frame, stmt: f.Scope) -> None:
    (frame.global_names if stmt.kind == "global" else frame.outer_names).update(stmt.names)


def _import(frame: Frame, stmt: f.Import) -> None:
    for binding in stmt.bindings:
        if binding.name != "*" and "." not in binding.name:
            frame.env[binding.name] = attributes.imported(frame.world, binding)


def _assert(frame: Frame, stmt: f.Assert) -> None:
    frame.line = stmt.line
    test = tested(frame, stmt.test)
    frame.exits = join_taint(frame.exits, test.taint)
    frame.guard(test.taint)


def _jump(frame: Frame, stmt: f.Jump) -> None:
    if stmt.kind != "pass":
        frame.alive, frame.ended = False, frame.ended + 1
        frame.jumps.append(Jump(stmt.kind, frame.env, edits.found(frame.control), edits.looked_up(frame.control)))


_EXECUTE: dict[type, Callable[[Frame, Any], None]] = {
    f.Assign: assign.assign,
    f.Augment: assign.augment,
    f.Delete: deleting.delete,
    f.Evaluate: _evaluate,
    f.Return: _return,
    f.Raise: _raise,
    f.While: _while,
    f.For: _for,
    f.With: blocks.enter,
    f.Try: _try,
    f.Match: _match,
    f.Define: _define,
    f.DefineClass: _define_class,
    f.Scope: _scope,
    f.Import: _import,
    f.Assert: _assert,
    f.Jump: _jump,
}
