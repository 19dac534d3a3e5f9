"""Hooks that a conftest.py may implement to supply what `--toolaudit` cannot make up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest


@pytest.hookspec
def pytest_toolaudit_objects(config: pytest.Config) -> Mapping[str, Callable[[], Any]]:  # type: ignore[empty-body]
    """Class, tool or parameter name → a function without parameters that makes the object."""


@pytest.hookspec
def pytest_toolaudit_arguments(config: pytest.Config) -> Mapping[str, Mapping[str, Any]]:  # type: ignore[empty-body]
    """Tool name or id → arguments, over those that would be made up."""


@pytest.hookspec(firstresult=True)
def pytest_toolaudit_state(config: pytest.Config) -> Callable[[], Any] | None:
    """A function that builds the world in the (empty) working folder, called before each schedule."""
