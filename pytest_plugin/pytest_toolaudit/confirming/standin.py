"""A stand-in for what a framework injects: a context whose state is a plain dict that the calls of a batch share."""

from __future__ import annotations

from typing import Any

REGISTERED: list[Any] = []
"""Functions that were registered on a stand-in: kept alive, as the real object would."""

STATE = ("state", "session_state", "deps", "context", "store", "metadata")


class StandIn:
    """Answers every attribute: names that speak of state are dicts, methods do nothing and may be awaited."""

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name
        for field in STATE:
            self.__dict__[field] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing()

    def __repr__(self) -> str:
        return f"<stand-in {self._name}>"


class _Nothing:
    """Called, awaited, entered or subscripted: nothing happens. As a decorator it returns the function."""

    def __call__(self, *args: Any, **_: Any) -> Any:
        if len(args) == 1 and callable(args[0]):
            REGISTERED.append(args[0])
            return args[0]
        return self

    def __await__(self) -> Any:
        return iter(())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __iter__(self) -> Any:
        return iter(())

    def __bool__(self) -> bool:
        return False
