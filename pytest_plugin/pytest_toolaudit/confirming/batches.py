"""The batches of one item: two calls whose arguments make the keys meet, in the ways that may suit the tools."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from pytest_toolaudit import call
from pytest_toolaudit.calls import Call
from pytest_toolaudit.confirming.arguments import FITTING, INSIDE, NAMES, How, choices, dispatched, folders, made_up, statements, text
from pytest_toolaudit.confirming.documents import kind_of
from pytest_toolaudit.confirming.examples import allowed_values, example_values
from pytest_toolaudit.confirming.identities import identity
from pytest_toolaudit.confirming.lifespans import contexts
from pytest_toolaudit.confirming.patience import SECONDS, completed
from pytest_toolaudit.confirming.refusals import failure, lesson
from pytest_toolaudit.confirming.supplied import Supplied
from pytest_toolaudit.confirming.work import Work
from pytest_toolaudit.engine.run import RAISED, RETURNED
from pytest_toolaudit.fitting import fitted
from pytest_toolaudit.injected import MISSING, filled, injected_names
from pytest_toolaudit.oracle.freeze import freeze
from toolaudit_reports.document import Tool

Injected = dict[tuple[str, str], Any]
"""What frameworks inject into the calls of one attempt."""
JSON = (str, int, float, bool, list, dict, bytes, type(None))
Done = list[Call]
"""The calls that did their work before those of a batch."""
Functions = tuple[Callable[..., Any], ...]
LESSONS = 4
"""Times that a call is made again with what its refusal asks for."""
COMBINED = 25
"""Pairs of choices that are tried at most, when tools take one of a closed set or a statement."""


@dataclass(frozen=True)
class Batch:
    """The two calls of one attempt: how far their arguments agree, which choice of a closed set they take, how values are made up.

    `over` are arguments of the first and of the second call that stand above those that a project supplies; `kinds` are the documents
    that tools (ids) are known to work on. `started`: the project's entry point has run before; `prepared`: so have the tools themselves,
    and those that make what they use. `without` are parameters that keep their defaults; `missing` are parameters that name what did not
    exist: it is made before. `answered`: a stand-in answers the requests that the sandbox refuses. `first` are names
    of tools that are called before. `exemplary`: what a tool tells as examples is tried.
    """

    meets: str = "keys"
    choice: Mapping[str, Any] = field(default_factory=dict)
    how: How = field(default_factory=How)
    required_only: bool = False
    over: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {})
    kinds: Mapping[str, str] = field(default_factory=dict)
    started: bool = False
    prepared: bool = False
    without: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    answered: bool = False
    first: frozenset[str] = frozenset()
    exemplary: bool = False


def batches(work: Work, functions: Functions) -> tuple[Batch, ...]:
    """What is tried in every world."""
    names = [choices(function) for function in functions]
    if work.resource_kind == "sql" and not any(names):
        names = [statements(function, tool) for function, tool in zip(functions, work.tools, strict=True)]
        names = names if any(len(options) > 2 for options in names) else [[], []]  # tables are made by statements only
    return tuple(Batch(choice=choice) for choice in _combined(names))


def _combined(names: Sequence[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    if not any(names):
        return [{}]
    pairs = [{"a": a, "b": b} for a in names[0] or [{}] for b in names[-1] or [{}]]
    return pairs[:COMBINED]


def last_resorts(batch: Batch, folder: str) -> Iterator[Batch]:
    """What is tried when every call of a batch fails: examples, fewer arguments, absolute paths, folders where files were given."""
    yield replace(batch, required_only=True)
    yield replace(batch, how=replace(batch.how, base=f"{folder}/"))
    yield replace(batch, how=replace(batch.how, base=f"{folder}/"), required_only=True)
    yield replace(batch, how=replace(batch.how, folders=True))


def made(
    work: Work, functions: Functions, batch: Batch, supplied: Supplied, known: Mapping[str, Any], injected: Injected
) -> tuple[list[Call], tuple[Any, ...]]:
    """The calls of a batch, and their arguments. `known` are ids of things that exist. Raises CannotRunError."""
    keys = frozenset(name.split(".")[0] for names in work.keys for name in names)
    batch = replace(batch, how=replace(batch.how, keys=keys, inside=INSIDE if work.resource_kind == "cwd" else ""))
    first = arguments(
        functions[0], work.tools[0], _over(supplied, work.tools[0], batch.over[0]), batch, {**known, **batch.choice.get("a", {})}, None
    )
    shared = {name: value for name, value in first.items() if not isinstance(value, JSON) or _hidden(name, work.tools[0])}
    fixed = {**known, **batch.choice.get("b", {})}
    if batch.meets != "apart":
        fixed |= _meeting(work, first, batch.choice.get("b", {}))
    if batch.meets == "first":
        fixed |= _first_in_common(work, first)
    variant = 0 if batch.meets == "same" else 1
    vary = frozenset(name.split(".")[0] for name in work.keys[1]) if batch.meets == "apart" else frozenset()
    second_batch = replace(batch, how=replace(batch.how, variant=variant, vary=vary))
    fixed = {name: value for name, value in fixed.items() if name not in vary}
    second = arguments(functions[-1], work.tools[-1], _over(supplied, work.tools[-1], batch.over[1]), second_batch, fixed, shared)
    calls = [_call(functions[0], work.tools[0], first), _call(functions[-1], work.tools[-1], second)]
    return filled(calls, functools.partial(_supply, supplied), injected), (first, second)


def _hidden(name: str, tool: Tool) -> bool:
    """Whether the model does not see the parameter: the runner fills it, for all calls alike."""
    told = {key.partition(".")[0] for key in (*tool.when, tool.arguments_in)}
    seen = any(name == parameter.name for parameter in tool.parameters) and not tool.arguments_in
    return bool(tool.parameters) and not seen and name not in told


def _required(tool: Tool) -> set[str]:
    return {parameter.name for parameter in tool.parameters if parameter.required}


def _call(function: Callable[..., Any], tool: Tool, given: Mapping[str, Any]) -> Call:
    """The call; where the model's arguments are the fields of one parameter, they come as the model that it is annotated with."""
    name = tool.arguments_in
    fields = {name: given[name]} if isinstance(given.get(name), Mapping) else {}
    with contextlib.suppress(ValueError):  # made up, they need not fit
        fields = fitted(function, fields)
    return call(function, **{**given, **fields})


def _supply(supplied: Supplied, parameter: str, kind: str) -> Any:
    make = supplied.objects.get(parameter) or supplied.objects.get(kind)
    return make() if make is not None else MISSING


def _over(supplied: Supplied, tool: Tool, over: Mapping[str, Any]) -> Supplied:
    given = supplied.arguments.get(tool.id) or supplied.arguments.get(tool.name) or {}
    return replace(supplied, arguments={**supplied.arguments, tool.id: {**given, **over}}) if over else supplied


def _meeting(work: Work, first: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
    fixed = {}
    inner = first.get(work.tools[0].arguments_in, {}) if work.tools[0].arguments_in else {}
    for mine, other in zip(*work.keys, strict=False):
        head, other_head = mine.split(".")[0], other.split(".")[0]
        if other_head in chosen:
            continue
        if head in first:
            fixed[other_head] = first[head]
        elif isinstance(inner, Mapping) and head in inner:
            fixed[other_head] = inner[head]
    return fixed


def _first_in_common(work: Work, first: Mapping[str, Any]) -> dict[str, Any]:
    """The first parameter that both calls must have, which often names the thing: equal, while the rest differs."""
    both = _required(work.tools[-1])
    inner = first.get(work.tools[0].arguments_in, first) if work.tools[0].arguments_in else first
    names = [parameter.name for parameter in work.tools[0].parameters if parameter.required and parameter.name in both]
    return {name: inner[name] for name in names[:1] if isinstance(inner, Mapping) and name in inner}


def arguments(
    function: Callable[..., Any], tool: Tool, supplied: Supplied, batch: Batch, fixed: Mapping[str, Any], shared: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Arguments of one call: what the project supplies, what is fixed, and the rest made up."""
    given = supplied.arguments.get(tool.id) or supplied.arguments.get(tool.name) or {}
    how = replace(
        batch.how, kind=batch.kinds.get(tool.id) or kind_of(function, tool), holds=folders(tool), told=_told_by(function, tool, batch)
    )
    if tool.when or tool.arguments_in:
        return dispatched(function, tool, supplied, how, {**fixed, **given}, given, shared)
    without = (injected_names(function) | (batch.without - _required(tool))) - set(given)
    fixed = {name: value for name, value in fixed.items() if name not in without} | contexts(function, supplied)
    return made_up(function, supplied, how=how, fixed={**fixed, **given}, shared=shared, required_only=batch.required_only, without=without)


def _told_by(function: Callable[..., Any], tool: Tool, batch: Batch) -> Mapping[str, tuple[Any, ...]]:
    """Examples of paths are of somebody else's folders."""
    told = allowed_values(function, tool)
    examples = example_values(function, tool) if batch.exemplary else {}
    return {**{name: values for name, values in examples.items() if text(name, How()) in (*NAMES, *FITTING.values())}, **told}


def prepare(
    makers: Sequence[tuple[str, Callable[..., Any], Tool]], supplied: Supplied, injected: Injected, done: Done | None = None
) -> dict[str, Any]:
    """Calls what usually runs first; when one fails the item is tried without it. Parameter → id of what was made."""
    known: dict[str, Any] = {}
    for parameter, function, tool in makers:
        for required_only in (False, True):
            answer = called_first(function, tool, supplied, Batch(required_only=required_only), injected, known, done)
            if answer is not None:
                found = identity(answer[0], parameter) if parameter else None
                if found is not None:
                    known[parameter] = found
                break
    return known


def called_first(
    function: Callable[..., Any],
    tool: Tool,
    supplied: Supplied,
    batch: Batch,
    injected: Injected,
    known: Mapping[str, Any] = MappingProxyType({}),
    done: Done | None = None,
) -> tuple[Any] | None:
    """What a call answers that is made before those of the batch; None when it does not do its work, even with what it asks for.

    `known` are ids of things that exist; a call that does its work is added to `done`.
    """
    over: dict[str, Any] = {}
    for _ in range(LESSONS):
        said: str | None = None
        with contextlib.suppress(Exception):
            given = arguments(function, tool, _over(supplied, tool, over), batch, known, None)
            (one,) = filled([_call(function, tool, given)], functools.partial(_supply, supplied), injected)
            answer, said = _asked(one, supplied.patience(SECONDS))
            if said is None:
                if done is not None:
                    done.append(replace(one, kwargs=given, tool=tool))
                return (answer,)
        learned = lesson(said, tool, _told(given, tool), batch.how) if said is not None else None
        if learned is None:
            return None
        over |= learned.arguments
        base = f"{os.getcwd()}/" if learned.absolute else batch.how.base
        batch = replace(batch, how=replace(batch.how, base=base), without=batch.without | learned.without)
    return None


def _asked(one: Call, seconds: float) -> tuple[Any, str | None]:
    """What a call answers, and what it says when it refuses."""
    try:
        answer = completed(one.invoke, seconds)
    except Exception as error:
        return None, failure((RAISED, (type(error).__name__, str(error))))
    return answer, failure((RETURNED, freeze(answer)))


def _told(given: Mapping[str, Any], tool: Tool) -> Mapping[str, Any]:
    """The model's arguments among those of a call."""
    inner = given.get(tool.arguments_in) if tool.arguments_in else None
    return inner if isinstance(inner, Mapping) else given
