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

    def after(self, value: Value) -> Arguments:
        """What follows one of them: what a carrier passes on to the function that it is given."""
        for index, given in enumerate(self.args):
            if given is value:
                return Arguments(self.args[index + 1 :], self.keywords, self.rest, self.extra)
        return Arguments(keywords=tuple((name, given) for name, given in self.keywords if given is not value))


NO_ARGUMENTS = Arguments()
Fields = tuple[tuple[str, Value], ...]
