"""Variables and attributes that hold another object after a call than before: state that is replaced, not changed in place."""

from __future__ import annotations

from msgspec.structs import replace

from toolaudit.effects.attributes import may_assign
from toolaudit.effects.frame import Frame, World
from toolaudit.effects.free import rebound_names
from toolaudit.effects.globals import is_rebound
from toolaudit.effects.kept_objects import computes, harmless
from toolaudit.effects.values import Either, Handle, Instance, Loc, Value
from toolaudit.project.resolve import ClassRef, GlobalRef

PATH = "pathlib.Path"
USED = "used"
"""Note on a read of a variable whose object is used: no look whether it is there."""


THERE = "there"
"""Note on a look whether a variable holds an object of a library: at the variable, not at what the object holds."""


def looked_at(frame: Frame, value: Value, line: int, called: bool = False, whole: bool = False) -> Value:
    """An object that is used: where its variable is bound anew by some function, or it is one of a store, which one it is was read there;
    an object that is changed in place is read as it is, unless one of its methods is `called`, which says what it does. A table or another
    object in memory is read where it is handed on as a `whole`."""
    loc = value.loc
    if loc is None or not isinstance(value.form, Instance | Handle):
        return value
    of_store = (
        isinstance(value.form, Handle) and not value.form.kind and loc.root in _RULES and bool(loc.path) and isinstance(loc.path[-1], tuple)
    )
    changed = not called and isinstance(value.form, Handle) and computes(frame, value.form)
    path = isinstance(value.form, Handle) and value.form.type == PATH
    data = isinstance(value.form, Instance) or (whole and value.form.kind in ("", "memory") and harmless(frame, value.form.type))
    if not (of_store or changed or path) and not (data and _bound_anew(frame.world, loc)):
        return value
    return value.tainted(frame.emit(loc, "r", "read", line, data=value.taint, atomic=True, note=USED))


def there(frame: Frame, value: Value, loc: Loc, line: int) -> Value:
    """A look whether there is an object."""
    note = THERE if isinstance(value.form, Handle) else ""
    return value.tainted(frame.emit(loc, "r", "check", line, data=value.taint, atomic=True, note=note))


def one_of_paths(frame: Frame, value: Value, loc: Loc | None) -> Value:
    """A path that an attribute holds: where a method puts another there (`self.folder = self.folder / name`), which one it is is state."""
    if isinstance(value.form, Either):
        return replace(value, form=Either(tuple(one_of_paths(frame, part, loc) for part in value.form.values), value.form.facts))
    held = isinstance(value.form, Handle) and value.form.type == PATH and value.loc is None
    return value.at(loc) if held and loc is not None and _bound_anew(frame.world, loc) else value


def _bound_anew(world: World, loc: Loc) -> bool:
    name = loc.name if loc.root in ("global", "cell") else loc.path[0] if loc.root == "self" and len(loc.path) == 1 else ""
    if not isinstance(name, str) or not name or (loc.root != "self" and loc.path):
        return False
    key = (loc.root, loc.scope, name)
    if key not in world.rebound:
        path, _, qualname = loc.scope.partition("::")
        world.rebound[key] = _RULES[loc.root](world, path, qualname, name)
    return world.rebound[key]


def _global(world: World, path: str, qualname: str, name: str) -> bool:
    return is_rebound(world, GlobalRef(path, name))


def _cell(world: World, path: str, qualname: str, name: str) -> bool:
    code = world.code(path, qualname)
    return code is not None and name in rebound_names(code)


def _attribute(world: World, path: str, qualname: str, name: str) -> bool:
    """Whether a function beside the class, or of a base, assigns it, other than a constructor."""
    owners = {owner.path for owner in world.resolver.ancestors(ClassRef(path, qualname))}
    heads = ((owner, head) for owner in owners if (index := world.project.index(owner)) is not None for head in index.functions)
    return any(head.name not in _MAKING and may_assign(world, owner, head, name) for owner, head in heads)


_MAKING = frozenset({"__init__", "__new__", "__post_init__"})
_RULES = {"global": _global, "cell": _cell, "self": _attribute}
