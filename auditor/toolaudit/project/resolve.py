"""Names to definitions, over indexes alone: imports, re-exports, star imports, classes and their bases.

Nothing here looks into a function's body; the abstract interpreter does that and asks here for every name it does not bind itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from toolaudit.facts import (
    Assign,
    Attr,
    Binding,
    Call,
    ClassHead,
    Const,
    Display,
    Expr,
    Field,
    FunctionHead,
    Item,
    Lambda,
    Mapping,
    ModuleIndex,
    Name,
)
from toolaudit.project.source import Project

MAX_HOPS = 24
"""Re-exports followed before a name is given up: import cycles end here."""


class FunctionRef(Struct, frozen=True, cache_hash=True):
    path: str
    qualname: str


class ClassRef(Struct, frozen=True, cache_hash=True):
    path: str
    qualname: str


class ModuleRef(Struct, frozen=True, cache_hash=True):
    path: str
    module: str


class GlobalRef(Struct, frozen=True, cache_hash=True):
    """A name assigned at the top level of a module."""

    path: str
    name: str


class External(Struct, frozen=True, cache_hash=True):
    """A dotted name outside the project, as its users import it."""

    name: str


Target = FunctionRef | ClassRef | ModuleRef | GlobalRef | External


class Member(Struct, frozen=True):
    """A method found along the bases: its head and the class that defines it."""

    head: FunctionHead
    owner: ClassRef


class _Names:
    """What a module binds at its top level, by name; methods and fields by class."""

    def __init__(self, index: ModuleIndex) -> None:
        self.imports: dict[str, Binding] = {}
        self.stars: list[Binding] = []
        for binding in index.imports:
            if binding.name == "*":
                self.stars.append(binding)
            elif "." not in binding.name:
                self.imports[binding.name] = binding
        self.functions: dict[str, FunctionHead] = {}
        self.heads: dict[str, list[FunctionHead]] = {}
        self.methods: dict[str, list[FunctionHead]] = {}
        for head in index.functions:
            self.heads.setdefault(head.qualname, []).append(head)
            if head.owner is None and head.nested_in is None:
                self.functions[head.name] = head
        for heads in self.heads.values():
            for head in heads:
                if head.owner is not None:
                    self.methods.setdefault(head.owner, []).append(head)
        self.classes: dict[str, ClassHead] = {head.qualname: head for head in index.classes}
        self.assigns: dict[str, list[Assign]] = {}
        for assign in index.assigns:
            for target in assign.targets:
                for name in _bound_names(target):
                    self.assigns.setdefault(name, []).append(assign)
        self.fields: dict[str, dict[str, Field]] = {head.qualname: {field.name: field for field in head.fields} for head in index.classes}
        self.exported = index.exported


def _bound_names(target: Expr) -> list[str]:
    if isinstance(target, Name):
        return [target.id]
    items = getattr(target, "items", ())
    return [name for item in items if not isinstance(item, tuple) for name in _bound_names(item)]


def _stands_in(assign: Assign, name: str) -> bool:
    """What a name holds where its import failed, or before it: `requests = None`. What a call gives may be made of what was imported."""
    value = assign.value
    if isinstance(value, Const):
        return not isinstance(value.value, str | bytes)
    return value is None or (isinstance(value, Name | Attr | Lambda | Display | Mapping) and _root(value) != name)


def _root(value: Expr) -> str:
    while isinstance(value, Attr):
        value = value.value
    return value.id if isinstance(value, Name) else ""


class Resolver:
    """Answers by name. Every answer is kept: a name is resolved once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._names: dict[str, _Names | None] = {}
        self._resolved: dict[tuple[str, str], Target | None] = {}
        self._lines: dict[ClassRef, tuple[ClassRef, ...]] = {}
        self._foreign: dict[ClassRef, tuple[str, ...]] = {}
        self._methods: dict[tuple[ClassRef, str], Member | None] = {}

    # --- modules ------------------------------------------------------------------------------------------------------

    def names(self, path: str) -> _Names | None:
        if path not in self._names:
            index = self.project.index(path)
            self._names[path] = None if index is None else _Names(index)
        return self._names[path]

    def name(self, path: str, name: str) -> Target | None:
        """What a top-level name of a module stands for; None for a built-in or an unknown name."""
        key = (path, name)
        if key not in self._resolved:
            self._resolved[key] = None
            self._resolved[key] = self._look_up(path, name, 0)
        return self._resolved[key]

    def _look_up(self, path: str, name: str, hops: int) -> Target | None:
        names = self.names(path)
        if names is None or hops > MAX_HOPS:
            return None
        if name in names.functions:
            return FunctionRef(path, names.functions[name].qualname)
        if name in names.classes and names.classes[name].nested_in is None:
            return ClassRef(path, name)
        if name in names.imports:
            found = self.binding(names.imports[name], hops + 1)
            if not isinstance(found, External) or all(_stands_in(one, name) for one in names.assigns.get(name, ())):
                return found
        if name in names.assigns:
            return GlobalRef(path, name)
        return self._through_star(names, name, hops)

    def _through_star(self, names: _Names, name: str, hops: int) -> Target | None:
        for star in names.stars:
            index = self.project.module(star.module)
            if index is None:
                continue
            if index.exported is not None and name not in index.exported:
                continue
            found = self._look_up(index.path, name, hops + 1)
            if found is not None:
                return found
        return None

    def binding(self, binding: Binding, hops: int = 0) -> Target | None:
        """What an import binds; a name that the module does not show is foreign: it may be compiled, generated, or left out."""
        if binding.attribute is None:
            return self.module(binding.module)
        found = self.member(binding.module, binding.attribute, hops)
        return External(f"{binding.module}.{binding.attribute}") if found is None else found

    def module(self, name: str) -> Target:
        index = self.project.module(name)
        return External(name) if index is None else ModuleRef(index.path, name)

    def member(self, module: str, attribute: str, hops: int = 0) -> Target | None:
        """`module.attribute`: a definition of a project module, a submodule, or a foreign name."""
        index = self.project.module(module)
        if index is None:
            return self._beyond(f"{module}.{attribute}")
        found = self._look_up(index.path, attribute, hops) if hops <= MAX_HOPS else None
        if found is not None:
            return found
        below = self.project.submodule(module, attribute)
        if below is not None:
            return ModuleRef(below.path, f"{module}.{attribute}")
        return None

    def _beyond(self, name: str) -> Target:
        """A name of what is no module of the project: a foreign one, or a module in a folder without `__init__.py`."""
        inner = self.project.module(name)
        return External(name) if inner is None else ModuleRef(inner.path, name)

    def attribute(self, target: Target, name: str) -> Target | None:
        """`target.name` for modules, foreign names, and classes nested in classes."""
        if isinstance(target, External):
            return self._beyond(f"{target.name}.{name}")
        if isinstance(target, ModuleRef):
            return self.member(target.module, name) if self.project.module(target.module) else self.name(target.path, name)
        if isinstance(target, ClassRef):
            names = self.names(target.path)
            inner = f"{target.qualname}.{name}"
            return ClassRef(target.path, inner) if names and inner in names.classes else None
        return None

    def dotted(self, path: str, expr: Expr) -> Target | None:
        """What a name or dotted name stands for at the top level of a module."""
        if isinstance(expr, Name):
            return self.name(path, expr.id)
        if isinstance(expr, Attr):
            base = self.dotted(path, expr.value)
            return None if base is None else self.attribute(base, expr.attr)
        if isinstance(expr, Item):
            return self.dotted(path, expr.value)
        return None

    def assignments(self, ref: GlobalRef) -> tuple[Assign, ...]:
        names = self.names(ref.path)
        return tuple(names.assigns.get(ref.name, ())) if names else ()

    # --- classes ------------------------------------------------------------------------------------------------------

    def klass(self, ref: ClassRef) -> ClassHead | None:
        names = self.names(ref.path)
        return names.classes.get(ref.qualname) if names else None

    def function(self, ref: FunctionRef) -> FunctionHead | None:
        names = self.names(ref.path)
        heads = names.heads.get(ref.qualname) if names else None
        return heads[-1] if heads else None

    def bases(self, ref: ClassRef) -> tuple[Target, ...]:
        head = self.klass(ref)
        if head is None:
            return ()
        found = [self.dotted(ref.path, base) or self._nested(ref, base) for base in head.bases]
        return tuple(base for base in found if base is not None and base != ref)

    def _nested(self, ref: ClassRef, base: Expr) -> Target | None:
        """A base named by a class beside it, inside the same function or class."""
        if isinstance(base, Name):
            outer = ref.qualname.rpartition(".")[0]
            names = self.names(ref.path)
            if names and f"{outer}.{base.id}" in names.classes:
                return ClassRef(ref.path, f"{outer}.{base.id}")
            return External(base.id)
        if isinstance(base, Call):
            return None
        return None

    def ancestors(self, ref: ClassRef) -> tuple[ClassRef, ...]:
        """The class and its project bases, depth first, each once at its last place (the linear order of simple hierarchies)."""
        if ref not in self._lines:
            self._lines[ref] = (ref,)
            order: list[ClassRef] = []
            foreign: list[str] = []
            self._collect(ref, order, foreign, 0)
            seen: set[ClassRef] = set()
            line: list[ClassRef] = []
            for item in reversed(order):
                if item not in seen:
                    seen.add(item)
                    line.append(item)
            self._lines[ref] = tuple(reversed(line))
            self._foreign[ref] = tuple(dict.fromkeys(foreign))
        return self._lines[ref]

    def _collect(self, ref: ClassRef, order: list[ClassRef], foreign: list[str], depth: int) -> None:
        order.append(ref)
        if depth > MAX_HOPS or len(order) > 200:
            return
        for base in self.bases(ref):
            if isinstance(base, ClassRef):
                self._collect(base, order, foreign, depth + 1)
            elif isinstance(base, External):
                foreign.append(base.name)

    def foreign_bases(self, ref: ClassRef) -> tuple[str, ...]:
        """Fully-qualified names of the bases outside the project, of the class and its ancestors."""
        self.ancestors(ref)
        return self._foreign.get(ref, ())

    def method(self, ref: ClassRef, name: str) -> Member | None:
        """A method by name along the bases."""
        key = (ref, name)
        if key not in self._methods:
            self._methods[key] = self._find_method(self.ancestors(ref), name)
        return self._methods[key]

    def method_after(self, ref: ClassRef, owner: ClassRef, name: str) -> Member | None:
        """What `super().name` finds, called in a method of `owner` on an instance of `ref`."""
        line = self.ancestors(ref)
        rest = line[line.index(owner) + 1 :] if owner in line else self.ancestors(owner)[1:]
        return self._find_method(rest, name)

    def _find_method(self, line: tuple[ClassRef, ...], name: str) -> Member | None:
        for owner in line:
            names = self.names(owner.path)
            heads = names.heads.get(f"{owner.qualname}.{name}") if names else None
            if heads:
                return Member(_getter(heads), owner)
        return None

    def definitions(self, ref: ClassRef, name: str) -> Sequence[FunctionHead]:
        """Every definition of a method in the class itself: a property's getter and its setter share their name."""
        names = self.names(ref.path)
        return () if names is None else names.heads.get(f"{ref.qualname}.{name}", ())

    def methods(self, ref: ClassRef) -> Sequence[FunctionHead]:
        """The methods defined in the class itself."""
        names = self.names(ref.path)
        return () if names is None else names.methods.get(ref.qualname, ())

    def field(self, ref: ClassRef, name: str) -> tuple[ClassRef, Field] | None:
        """A class-level assignment or annotation, along the bases."""
        for owner in self.ancestors(ref):
            names = self.names(owner.path)
            found = names.fields.get(owner.qualname, {}).get(name) if names else None
            if found is not None:
                return owner, found
        return None


def _getter(heads: list[FunctionHead]) -> FunctionHead:
    """Of several definitions of one name (a property and its setter, overloads), the one that reads."""
    for head in heads:
        for decorator in head.decorators:
            if decorator_name(decorator) in ("property", "cached_property"):
                return head
    return heads[-1]


def decorator_name(decorator: Expr) -> str:
    """The last name of a decorator: `functools.lru_cache(maxsize=1)` is `lru_cache`."""
    if isinstance(decorator, Call):
        return decorator_name(decorator.func)
    if isinstance(decorator, Attr):
        return decorator.attr
    return decorator.id if isinstance(decorator, Name) else ""


def literal(expr: Expr | None) -> str | None:
    """The text of a string literal."""
    return expr.value if isinstance(expr, Const) and isinstance(expr.value, str) else None
