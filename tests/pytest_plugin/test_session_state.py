"""State that a framework keeps behind methods of its context is in sight: reads and writes of it are points with a name."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.sessionstate import keep_in_sight


class Context:
    """Methods as FastMCP's context has them."""

    async def get_state(self, key: str) -> Any:
        raise LookupError(key)

    async def set_state(self, key: str, value: Any, *, serializable: bool = True) -> None:
        raise LookupError(key)


class OlderContext:
    def get_state(self, key: str) -> Any:
        raise LookupError(key)

    def set_state(self, key: str, value: Any) -> None:
        raise LookupError(key)


async def count(ctx: Any) -> int:
    visits = await ctx.get_state("visits") or 0
    await ctx.set_state("visits", visits + 1)
    return int(visits) + 1


def older_count(ctx: Any) -> int:
    visits = ctx.get_state("visits") or 0
    ctx.set_state("visits", visits + 1)
    return int(visits) + 1


def older_greet(ctx: Any) -> str:
    return f"hello {ctx.get_state('user')}"


@pytest.mark.parametrize(("tool", "kind"), [(count, Context), (older_count, OlderContext)])
def test_a_counter_in_the_session_loses_an_update(tool: Any, kind: type) -> None:
    context = kind()
    keep_in_sight(context, kind)
    verdict = explore([call(tool, context), call(tool, context)])
    assert verdict.kind == "racy"
    assert verdict.resources == ("memory:state:session_state[visits]",)


def test_other_keys_do_not_clash() -> None:
    context = OlderContext()
    keep_in_sight(context, OlderContext)
    assert explore([call(older_count, context), call(older_greet, context)]).kind == "independent"


def test_methods_are_as_the_frameworks() -> None:
    context: Any = Context()
    keep_in_sight(context, Context)
    asyncio.run(context.set_state("a", 1, serializable=False))
    assert asyncio.run(context.get_state("a")) == 1
    assert not hasattr(context, "delete_state")
