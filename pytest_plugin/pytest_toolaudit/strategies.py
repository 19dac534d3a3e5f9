"""Hypothesis draws what lies above a schedule: which calls, with which arguments. The engine draws schedules itself.

Drawing each schedule through Hypothesis would cost 3-4 ms, the engine needs 0.1-1 ms; ``schedules`` is there for
those who want Hypothesis to own it, and shrinks to few preemptions because its elements name places, not steps.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_type_hints

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pytest_toolaudit.calls import Call, call, recognised, tool_name, underlying
from pytest_toolaudit.explorer import Explorer, Settings
from pytest_toolaudit.injected import is_injected
from pytest_toolaudit.schemas import COLLIDING, from_schema
from pytest_toolaudit.search.named import Entry
from pytest_toolaudit.search.schedule import Preemption, Schedule
from pytest_toolaudit.search.token import write

Arguments = Mapping[str, st.SearchStrategy[Any]]
_STARRED = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_SETTINGS = "_hypothesis_internal_use_settings"


def arguments_of(tool: Any, given_: Arguments | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Keyword arguments for a tool, from ``given_`` by parameter name, else from annotations; text from two values.

    Raises TypeError, naming the parameter, where neither says what it takes.
    """
    declared = schema_of(tool)
    if declared is not None and _takes_no_names(tool):
        return from_schema(declared, given_)
    function = underlying(tool)
    chosen: dict[str, st.SearchStrategy[Any]] = {}
    try:
        hints = get_type_hints(function, include_extras=True)
    except Exception:  # annotations may name what only a type checker imports
        hints = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if given_ and name in given_:
            chosen[name] = given_[name]
        elif parameter.kind in _STARRED or parameter.default is not inspect.Parameter.empty or is_injected(hints.get(name)):
            continue
        elif hints.get(name) is str:
            chosen[name] = COLLIDING
        elif name in hints:
            chosen[name] = st.from_type(hints[name])
        else:
            shown = tool_name(tool, function)
            raise TypeError(f"{shown}: parameter {name!r} has no annotation; pass arguments={{{name!r}: a strategy}}")
    return st.fixed_dictionaries(chosen)


_SCHEMAS = ("input_schema", "params_json_schema", "parameters", "inputSchema", "tool_call_schema")


def schema_of(tool: Any) -> dict[str, Any] | None:
    """The JSON schema of a tool object's arguments; None where it has none, or none that is a plain dict."""
    for name in _SCHEMAS:
        found = inspect.getattr_static(tool, name, None) and getattr(tool, name, None)
        if isinstance(found, dict) and isinstance(found.get("properties"), dict):
            return found
        if isinstance(found, dict) and found and all(isinstance(kind, type) for kind in found.values()):  # {"key": str}
            return {"properties": {key: {"type": kind} for key, kind in found.items()}, "required": list(found)}
    return None


def _takes_no_names(tool: Any) -> bool:
    """Whether the function's own parameters are not the model's: it takes a dict, a text or anything."""
    function, takes = recognised(tool)
    starred = any(p.kind in _STARRED for p in inspect.signature(function).parameters.values())
    return takes != "keywords" or starred


def calls(tool: Any, arguments: Arguments | None = None) -> st.SearchStrategy[Call]:
    """Calls of one tool."""
    return _call_of(tool, arguments_of(tool, arguments))


@st.composite
def _call_of(draw: st.DrawFn, tool: Any, arguments: st.SearchStrategy[dict[str, Any]]) -> Call:
    return call(tool, **draw(arguments))


def batches(
    tools: Sequence[Any], *, min_calls: int = 2, max_calls: int = 4, arguments: Arguments | None = None
) -> st.SearchStrategy[list[Call]]:
    """Batches of calls of these tools; they shrink to fewer calls, of the tools named first."""
    if not tools:
        raise ValueError("batches of no tools: pass at least one")
    one = st.one_of([calls(tool, _for(tool, arguments)) for tool in tools])
    return st.lists(one, min_size=min_calls, max_size=max_calls)


def _for(tool: Any, arguments: Arguments | None) -> Arguments | None:
    if schema_of(tool) is not None and _takes_no_names(tool):
        return arguments
    known = inspect.signature(underlying(tool)).parameters
    return {name: strategy for name, strategy in (arguments or {}).items() if name in known}


def schedules(batch: Sequence[Call], **options: Any) -> st.SearchStrategy[str]:
    """Schedules of a batch, as text for ``explore(…, schedule=…)``: up to 3 preemptions at conflicting accesses."""
    state, observe = options.pop("state", None), options.pop("observe", None)
    with Explorer(batch, Settings(**options), state, observe) as explorer:
        order = tuple(range(len(explorer.calls)))
        explorer.serial.outcome(order)
        explorer.serial.outcome(order[::-1])
        labels = list(explorer.labels)
        entries: list[Entry] = []
        for points in explorer.known.points.values():
            for point in points:
                for target in order:
                    if target != point.call:
                        start = (point.call, *[c for c in order if c != point.call])
                        schedule = Schedule(start, (Preemption(point, target),))
                        entries += explorer.entries(schedule, explorer.narrate(schedule)[2].steps)
    unique = list(dict.fromkeys(entries))
    chosen = st.lists(st.sampled_from(unique), unique=True, max_size=3) if unique else st.just([])
    return st.tuples(st.permutations(order), chosen).map(lambda drawn: write(drawn[0], drawn[1], labels))


def toolaudit_batches(
    tools: Sequence[Any], *, min_calls: int = 2, max_calls: int = 4, arguments: Arguments | None = None, **options: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorates a test with a ``batch`` parameter: Hypothesis draws batches, and each one is checked before the body.

    The test takes the fixture ``toolaudit`` and ``batch``, and may be asynchronous; ``options`` go to ``toolaudit.check``.
    """

    def decorate(test: Callable[..., Any]) -> Callable[..., Any]:
        wanted = inspect.signature(test).parameters

        def asked(batch: list[Call], toolaudit: Any) -> dict[str, Any]:
            return {name: value for name, value in (("batch", batch), ("toolaudit", toolaudit)) if name in wanted}

        @functools.wraps(test)
        def checked(*args: Any, batch: list[Call], toolaudit: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            toolaudit.check(batch, **options)
            return test(*args, **kwargs, **asked(batch, toolaudit))

        @functools.wraps(test)
        async def achecked(*args: Any, batch: list[Call], toolaudit: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            await toolaudit.acheck(batch, **options)
            return await test(*args, **kwargs, **asked(batch, toolaudit))

        wrapper: Any = achecked if inspect.iscoroutinefunction(test) else checked
        parameters = [p for p in wanted.values() if p.name not in ("batch", "toolaudit")]
        extra = [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY) for n in ("batch", "toolaudit")]
        wrapper.__signature__ = inspect.Signature([*parameters, *extra])
        drawn = batches(tools, min_calls=min_calls, max_calls=max_calls, arguments=arguments)
        if not hasattr(wrapper, _SETTINGS):  # a default only: @settings above or below wins. Every example starts from the same state
            phases = [phase for phase in Phase if phase is not Phase.explain]  # it would explain our own lines
            quiet = settings(deadline=None, phases=phases, suppress_health_check=[HealthCheck.function_scoped_fixture])
            setattr(wrapper, _SETTINGS, quiet)
        wrapped: Callable[..., Any] = given(batch=drawn)(wrapper)
        return wrapped

    return decorate
