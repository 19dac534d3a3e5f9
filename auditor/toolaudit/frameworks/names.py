"""What a name means: imports, re-exports, star imports and aliases followed through the project's modules."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from msgspec import Struct

from toolaudit.facts import Assign, Attr, Binding, Call, ClassHead, Const, Expr, FunctionHead, Item, ModuleIndex, Name
from toolaudit.project.source import Project

_DEPTH = 12


class Target(Struct, frozen=True):
    """One thing that a name can mean.

    `names` are all fully-qualified names under which it was reached, the one of its definition last. `path` and `qualname` say where
    it is defined when that is in the project. `value` is what a module-level variable is assigned.
    """

    kind: str
    """function, class, value, module or foreign."""
    names: tuple[str, ...]
    path: str = ""
    qualname: str = ""
    value: Assign | None = None


class Read:
    """What each file says by itself, made once for all that look names up in it."""

    def __init__(self) -> None:
        self.tables: dict[str, _Table] = {}
        self.texts: dict[str, tuple[str, list[int]]] = {}


class Names:
    """Looks names up in a project; everything is remembered.

    What a name means can depend on what was asked before it, where modules import each other in circles: who needs answers that depend on
    the code alone asks one of his own, with `read` shared.
    """

    def __init__(self, project: Project, read: Read | None = None) -> None:
        self.project = project
        self._read = read or Read()
        self._tables: dict[str, _Table] = {}
        self._known: dict[tuple[str, str], tuple[Target, ...]] = {}
        self._bases: dict[tuple[str, str], tuple[Target, ...]] = {}

    def text(self, path: str) -> tuple[str, list[int]]:
        """A file's text and the offset at which each line begins."""
        is_read = self.table(path) is not None
        if path not in self._read.texts:
            lines = self.project.lines(path) if is_read else ()
            offsets = [0, *accumulate(len(line) + 1 for line in lines)][: len(lines)]
            self._read.texts[path] = ("\n".join(lines), offsets)
        return self._read.texts[path]

    def between(self, path: str, first: int, last: int) -> str:
        """The text of the lines from `first` to `last`."""
        text, offsets = self.text(path)
        start = offsets[first - 1] if first <= len(offsets) else len(text)
        return text[start : offsets[last]] if last < len(offsets) else text[start:]

    def table(self, path: str) -> _Table | None:
        table = self._tables.get(path)
        if table is None:
            index = self.project.index(path)
            if index is None:
                return None
            table = self._read.tables.get(path)
            if table is None:
                table = self._read.tables[path] = _Table(index)
            self._tables[path] = table
        return table

    def lookup(self, path: str, name: str, depth: int = 0) -> tuple[Target, ...]:
        """What a module-level name of a file can mean; several when it is bound under `if` or `try`."""
        key = (path, name)
        if key in self._known:
            return self._known[key]
        self._known[key] = ()
        table = self.table(path)
        found = () if table is None or depth > _DEPTH else tuple(self._lookup(table, name, depth))
        self._known[key] = found
        return found

    def _lookup(self, table: _Table, name: str, depth: int) -> Iterable[Target]:
        index = table.index
        full = f"{index.module}.{name}" if index.module else name
        found: list[Target] = []
        if name in table.functions:
            found.append(Target("function", (full,), index.path, name))
        if name in table.classes:
            found.append(Target("class", (full,), index.path, name))
        since = self._defined(table, name) if found else 0
        for assign in table.assigns.get(name, ()):
            if assign.line > since:
                found += self._assigned(index.path, assign, full, depth)
        for binding in table.imports.get(name, ()):
            if binding.line > since:
                found += _also(self._imported(binding, depth), full)
        if not found:
            for star in table.imports.get("*", ()):
                found += self._starred(star, name, depth)
        return found

    def _defined(self, table: _Table, name: str) -> int:
        """The line of an unconditional definition, which ends what the name meant above it; 0 for one under `if` or `try`."""
        head = table.functions.get(name) or table.classes[name]
        return 0 if self.project.line(table.index.path, head.start)[:1].isspace() else head.start

    def _assigned(self, path: str, assign: Assign, full: str, depth: int) -> list[Target]:
        if isinstance(assign.value, Name | Attr):
            aliased = self.resolve(path, assign.value, depth + 1)
            if aliased:
                return _also(aliased, full)
        return [Target("value", (full,), path, full.rsplit(".", 1)[-1], assign)]

    def _imported(self, binding: Binding, depth: int) -> list[Target]:
        if binding.attribute is None:
            return [self.module(binding.module)]
        return list(self.member(binding.module, binding.attribute, depth))

    def _starred(self, star: Binding, name: str, depth: int) -> list[Target]:
        index = self.project.module(star.module)
        if index is None:
            return [Target("foreign", (f"{star.module}.{name}",))]
        if index.exported is not None and name not in index.exported:
            return []
        return list(self.lookup(index.path, name, depth + 1))

    def module(self, name: str) -> Target:
        index = self.project.module(name)
        return Target("foreign", (name,)) if index is None else Target("module", (name,), index.path)

    def member(self, module: str, attribute: str, depth: int = 0) -> tuple[Target, ...]:
        """`from module import attribute`."""
        full = f"{module}.{attribute}"
        index = self.project.module(module)
        if index is None:
            submodule = self.project.submodule(module, attribute)
            if submodule is not None:
                return (Target("module", (full,), submodule.path),)
            return (Target("foreign", (full,)),)
        found = _also(self.lookup(index.path, attribute, depth + 1), full)
        if not found:
            submodule = self.project.submodule(module, attribute)
            found = [Target("module", (full,), submodule.path) if submodule is not None else Target("foreign", (full,))]
        return tuple(found)

    def resolve(self, path: str, expr: Expr, depth: int = 0) -> tuple[Target, ...]:
        """What a dotted expression means at a file's top level; nothing for anything but names and attributes."""
        if isinstance(expr, Name):
            return self.lookup(path, expr.id, depth)
        if isinstance(expr, Attr):
            return self.attribute(self.resolve(path, expr.value, depth), expr.attr, depth)
        if isinstance(expr, Item):
            return self.resolve(path, expr.value, depth)
        if isinstance(expr, Const) and isinstance(expr.value, str):
            return self.resolve(path, dotted(expr.value), depth) if expr.value.replace(".", "").isidentifier() else ()
        return ()

    def attribute(self, targets: Iterable[Target], name: str, depth: int = 0) -> tuple[Target, ...]:
        found: list[Target] = []
        for target in targets:
            if target.kind == "foreign":
                found.append(Target("foreign", tuple(f"{full}.{name}" for full in target.names)))
            elif target.kind == "module":
                for full in target.names[-1:]:
                    found += self.member(full, name, depth + 1)
            elif target.kind == "class":
                found += self.class_member(target, name)
        return tuple(found)

    def class_member(self, target: Target, name: str) -> list[Target]:
        """A method or nested class, looked for in the class and its bases; a foreign base gives a foreign name."""
        for cls in (target, *self.ancestors(target)):
            if cls.kind == "foreign":
                return [Target("foreign", tuple(f"{full}.{name}" for full in cls.names))]
            table = self.table(cls.path)
            if table is None:
                continue
            qualname = f"{cls.qualname}.{name}"
            full = tuple(f"{one}.{name}" for one in cls.names)
            if qualname in table.functions:
                return [Target("function", full, cls.path, qualname)]
            if qualname in table.classes:
                return [Target("class", full, cls.path, qualname)]
            value = field_value(table.classes.get(cls.qualname), name)
            if value is not None:
                return [Target("value", full, cls.path, qualname, value)]
        return []

    def head(self, path: str, qualname: str) -> FunctionHead | None:
        table = self.table(path)
        return table.functions.get(qualname) if table else None

    def class_head(self, path: str, qualname: str) -> ClassHead | None:
        table = self.table(path)
        return table.classes.get(qualname) if table else None

    def ancestors(self, target: Target, depth: int = 0) -> tuple[Target, ...]:
        """The base classes, nearest first, those of the project and the foreign ones where the project ends."""
        key = (target.path, target.qualname)
        if key in self._bases:
            return self._bases[key]
        self._bases[key] = ()
        head = self.class_head(target.path, target.qualname) if target.path else None
        found: list[Target] = []
        if head is not None and depth < _DEPTH:
            for base in head.bases:
                for one in self.resolve_in(target.path, head.nested_in, base):
                    if one.kind in {"class", "foreign"} and one not in found:
                        found.append(one)
            for one in tuple(found):
                found += [far for far in self.ancestors(one, depth + 1) if far not in found]
        self._bases[key] = tuple(found)
        return self._bases[key]

    def resolve_in(self, path: str, function: str | None, expr: Expr) -> tuple[Target, ...]:
        """Like `resolve`, for code inside a function: definitions beside it count first."""
        base = expr.func if isinstance(expr, Call) else expr
        if isinstance(base, Item):
            base = base.value
        table = self.table(path)
        if function and isinstance(base, Name) and table is not None:
            qualname = f"{function}.{base.id}"
            if qualname in table.classes:
                return (Target("class", (f"{table.index.module}.{qualname}",), path, qualname),)
        return self.resolve(path, base)


class _Table:
    """A module's definitions by name."""

    def __init__(self, index: ModuleIndex) -> None:
        self.index = index
        self.functions: dict[str, FunctionHead] = {}
        for head in index.functions:
            known = self.functions.get(head.qualname)
            if known is None or not _is_overload(head):
                self.functions[head.qualname] = head
        self.classes = {head.qualname: head for head in index.classes}
        self.imports: dict[str, list[Binding]] = {}
        for binding in index.imports:
            self.imports.setdefault(binding.name, []).append(binding)
        self.assigns: dict[str, list[Assign]] = {}
        for assign in index.assigns:
            for target in assign.targets:
                if isinstance(target, Name):
                    self.assigns.setdefault(target.id, []).append(assign)


def _is_overload(head: FunctionHead) -> bool:
    return any(last_part(decorator) in {"overload", "setter", "deleter"} for decorator in head.decorators)


def _also(targets: Iterable[Target], name: str) -> list[Target]:
    """The same targets, reached under one more name."""
    return [
        target if name in target.names else Target(target.kind, (name, *target.names), target.path, target.qualname, target.value)
        for target in targets
    ]


def field_value(head: ClassHead | None, name: str) -> Assign | None:
    if head is not None:
        for field in head.fields:
            if field.name == name and (field.value is not None or field.annotation is not None):
                return Assign((Name(name),), field.value, field.line, field.annotation)
    return None


def dotted(text: str) -> Expr:
    first, *rest = text.split(".")
    expr: Expr = Name(first)
    for part in rest:
        expr = Attr(expr, part)
    return expr


def dotted_text(expr: Expr) -> str:
    """`a.b.c` as text; empty when the expression is anything else."""
    if isinstance(expr, Name):
        return expr.id
    if isinstance(expr, Attr):
        base = dotted_text(expr.value)
        return f"{base}.{expr.attr}" if base else ""
    return ""


def last_part(expr: Expr) -> str:
    if isinstance(expr, Call):
        return last_part(expr.func)
    return expr.attr if isinstance(expr, Attr) else expr.id if isinstance(expr, Name) else ""
