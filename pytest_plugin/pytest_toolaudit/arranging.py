"""How a framework hands the model's arguments to a tool's function, where that is not as keywords; named in tool_objects.toml."""

from __future__ import annotations

import json
from typing import Any

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def keywords(tool: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """As they are."""
    return args, kwargs


def one_mapping(tool: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """All of them as one dict."""
    return (args, {}) if args and not kwargs else ((kwargs,), {})


def values(tool: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """As the entry `values` of one dict."""
    return (args, {}) if args and not kwargs else (({"values": kwargs},), {})


def args_keyword(tool: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """As one dict, by the keyword `args`."""
    return args, kwargs if set(kwargs) <= {"args", "tool_context"} else {"args": kwargs}


def context_and_json(tool: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """A context, then their JSON text."""
    from pytest_toolaudit.doubles import agents_tool_context

    return (args, kwargs) if args else ((agents_tool_context(), json.dumps(kwargs, default=str)), {})


def arguments_model(tool: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """As the tool's own pydantic model."""
    return (args, kwargs) if args else ((tool.args_type()(**kwargs),), {})


def input_model(tool: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """As the tool's own pydantic model, with neither options nor a run's context."""
    return (args, kwargs) if args else ((tool.input_schema(**kwargs), None, None), {})


def action(tool: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """As the tool's action."""
    return (args, kwargs) if args else ((tool.action_type(**kwargs),), {})
