"""The frameworks' declarations as tables that names and words are looked up in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

from msgspec import Struct

from toolaudit.facts import Attr
from toolaudit.frameworks.names import Names, Target
from toolaudit.frameworks.patterns import PatternTable
from toolaudit.frameworks.schema import Declare, Framework
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.types import types_of


class Rule(Struct, frozen=True):
    """One declaration of one framework. `number` orders rules of equal kind as they stand in the file."""

    framework: Framework
    declare: Declare
    number: int

    def __hash__(self) -> int:
        return hash((self.framework.name, self.number))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rule) and (self.framework.name, self.number) == (other.framework.name, other.number)


class Known:
    """All declarations, by what they are looked up with."""

    def __init__(self, frameworks: Sequence[Framework]) -> None:
        self.frameworks = {framework.name: framework for framework in frameworks}
        self.rules = [Rule(framework, declare, number) for framework in frameworks for number, declare in enumerate(framework.declare)]
        self.decorators = self._table("names", {"decorator"})
        self.bases = self._table("names", {"base-class", "toolkit", "dispatcher"})
        self.calls = self._table("names", {"decorator", "factory", "registration", "callables", "schema"})
        self.hooks = self._table("names", {"hook"})
        self.receivers = self._table("types", {"decorator-method", "registration", "dispatcher", "callables"})
        self.methods = {method for rule in self.rules if rule.declare.types for method in rule.declare.methods}
        self.decorator_methods = {
            method for rule in self.rules if rule.declare.kind == "decorator-method" for method in rule.declare.methods
        }
        self.toolkit_methods = {method for rule in self.rules if rule.declare.kind == "toolkit" for method in rule.declare.methods}
        leaving = {rule.framework.name for rule in self.rules if rule.declare.kind == "dispatcher" and rule.declare.types}
        having = [one for one in self.frameworks.values() if not one.framework.api and one.name not in leaving]
        self._having = tuple(root for framework in having for root in own_roots(framework))
        self._owned: dict[str, bool] = {}

    def _table(self, field: str, kinds: set[str]) -> PatternTable[Rule]:
        return PatternTable(
            (spelled, rule)
            for rule in self.rules
            if rule.declare.kind in kinds
            for pattern in getattr(rule.declare, field)
            for spelled in _spellings(rule.framework, pattern)
        )

    def of(self, kind: str) -> list[Rule]:
        return [rule for rule in self.rules if rule.declare.kind == kind]

    def receiver_rules(self, names: Names, cls: Target, method: str) -> list[Rule]:
        """Rules for a method of an instance, by its class or a base of it."""
        found: list[Rule] = []
        for one in (cls, *(names.ancestors(cls) if cls.path else ())):
            for rule in self.receivers.find(one.names):
                if rule not in found and (method in rule.declare.methods or not method):
                    found.append(rule)
        return found

    def owns(self, modules: Iterable[str]) -> bool:
        """Some of the modules belong to a framework that has its own way of declaring tools and leaves no dispatching to the application.

        In such a file a dict or decorator of the project's own that speaks of tools holds factories, options, names.
        """
        return any(self._is_owned(module) for module in modules)

    def _is_owned(self, module: str) -> bool:
        if module not in self._owned:
            self._owned[module] = f"{module}.".startswith(self._having)
        return self._owned[module]

    @cached_property
    def words(self) -> dict[str, re.Pattern[str]]:
        """Words of which one must stand in a call that declares or registers a tool, with the pattern that must follow each."""
        words: dict[str, str] = {}
        for rule in self.rules:
            declare = rule.declare
            placed = declare.kind != "callables" or any(part.startswith("argument:") for part in declare.lists)
            if declare.kind in {"factory", "registration", "schema", "callables", "decorator"} and placed:
                words |= {_last(name): r"\s*(?:\[[^\]\n]*\]\s*)?\(" for name in declare.names}
            if declare.kind == "registration" or (declare.kind == "callables" and placed):
                words |= {_last(method): r"\b" for method in declare.methods}
            if declare.kind == "dispatcher":
                words |= {f".{method}": r"\(\s*\)\s*\(" for method in declare.methods}
            words |= dict.fromkeys(declare.keywords, r"\b")
        words |= {f".{method}": r"\(" for method in self.decorator_methods} | {"tool": r"\("}
        return {word: re.compile(after) for word, after in sorted(words.items())}

    @cached_property
    def schema_keys(self) -> frozenset[str]:
        """Keys that only a tool's schema literal has."""
        keys = {path.split(".")[0] for rule in self.of("schema") for shape in rule.declare.shapes for path in shape.requires}
        return frozenset(keys - {"name", "description", "parameters"})

    @cached_property
    def schemas(self) -> re.Pattern[str]:
        """Where such a key stands."""
        return re.compile(rf"""["'](?:{"|".join(sorted(self.schema_keys))})["']\s*:""")

    @cached_property
    def list_keywords(self) -> dict[str, frozenset[str]]:
        """Keyword that holds a list of tools (`tools`) → last names of what takes it."""
        found: dict[str, set[str]] = {}
        for rule in self.rules:
            for part in rule.declare.lists if rule.declare.kind == "callables" else ():
                if part.startswith("keyword:"):
                    names = {_last(name) for name in (*rule.declare.names, *rule.declare.methods)}
                    found.setdefault(part.partition(":")[2], set()).update(names)
        return {keyword: frozenset(names) for keyword, names in found.items()}


def is_own(framework: Framework, name: str) -> bool:
    """A module or definition belongs to the framework itself, with or without the namespace package that its root lies in."""
    return f"{name}.".startswith(own_roots(framework))


def own_roots(framework: Framework) -> tuple[str, ...]:
    """What the dotted names of the framework's own modules begin with."""
    return tuple(spelled for root in framework.framework.roots for spelled in _spellings(framework, f"{root}."))


def _spellings(framework: Framework, pattern: str) -> list[str]:
    """A pattern, and for a root inside a namespace package (`google.adk`) the same without the namespace: so the framework's own
    modules are named when its own package is scanned, since a namespace has no `__init__`."""
    inside = any("." in root and pattern.startswith(f"{root}.") for root in framework.framework.roots)
    return [pattern, pattern.partition(".")[2]] if inside else [pattern]


def _last(name: str) -> str:
    return name.rsplit(".", 1)[-1].strip("*")


def rules_for(table: PatternTable[Rule], names: Names, targets: Iterable[Target], kinds: set[str] | None = None) -> list[Rule]:
    """Rules whose names a target has, or, for a class of the project, a base of it has."""
    found: list[Rule] = []
    for target in targets:
        group = [target, *names.ancestors(target)] if target.kind == "class" else [target]
        for one in group:
            found += [rule for rule in table.find(one.names) if rule not in found and (kinds is None or rule.declare.kind in kinds)]
    return found


def receiver_rule(names: Names, known: Known, scope: Scope, func: Attr, kind: str) -> Rule | None:
    """The rule of a kind for `receiver.method`, by the receiver's class."""
    part = func.value
    held = types_of(scope, part.value) if isinstance(part, Attr) else []
    for classes, through in ((types_of(scope, part), ""), (held, part.attr if isinstance(part, Attr) else "")):
        for rule in (rule for cls in classes for rule in known.receiver_rules(names, cls, func.attr)):
            if rule.declare.kind == kind and (not through or through in rule.declare.through):
                return rule
    return None
