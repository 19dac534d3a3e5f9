"""What a call passes."""

from __future__ import annotations

from msgspec import Struct

from toolaudit.effects.values import Value


class Arguments(Struct, frozen=True):
    """What a call passes. `rest` stands for `*values` and `extra` for `**values` whose members are not known."""

    args: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()
    rest: Value | None = None
    extra: Value | None = None

    def all(self) -> list[Value]:
        more = [value for value in (self.rest, self.extra) if value is not None]
        return [*self.args, *(value for _, value in self.keywords), *more]


NO_ARGUMENTS = Arguments()
Fields = tuple[tuple[str, Value], ...]
