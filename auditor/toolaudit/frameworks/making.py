"""Code that makes tools, followed as it runs when the program starts: which functions are registered under which names, with what they hold.

Only what a start needs is followed: constants, containers, the project's own functions and classes, and the operations of cloud clients.
What is not known goes both ways.
"""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit import facts as f
from toolaudit.errors import ToolauditError
from toolaudit.frameworks import making_calls, making_natives
from toolaudit.frameworks.bodies import MODULE, Bodies
from toolaudit.frameworks.discover_calls import called_rules
from toolaudit.frameworks.known import Known, Rule
from toolaudit.frameworks.making_expressions import evaluate
from toolaudit.frameworks.making_values import (
    NONE,
    UNKNOWN,
    Client,
    Either,
    Env,
    Foreign,
    Frame,
    Kind,
    Made,
    Module,
    Plain,
    RaisedError,
    Registered,
    Row,
    Table,
    Thing,
    Value,
    either,
    key_of,
    looked_up,
    members,
    options,
    truth,
)
from toolaudit.frameworks.names import Target, last_part

MAX_STEPS = 300_000
MAX_TOOLS = 3000
MAX_LOOP = 1000
MAX_SPLITS = 3


class ExhaustedError(Exception):
    """The walk takes too long."""


class Maker:
    """One run of a program's start."""

    def __init__(self, bodies: Bodies, known: Known, steps: int = MAX_STEPS) -> None:
        self.bodies = bodies
        self.known = known
        self.names = bodies.names
        self.registered: list[Registered] = []
        self.operations: list[Client] = []
        """The operations of clients that were looked up by name."""
        self.frames: list[Frame] = []
        self.steps = steps
        """How many there may still be."""
        self._modules: dict[str, Env] = {}
        self._shared: dict[tuple[str, str], Value] = {}
        self._rules: dict[tuple[str, str, int], list[Rule]] = {}

    def spend(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise ExhaustedError

    def rules(self, env: Env, call: f.Call, applied: bool) -> list[Rule]:
        """The declarations of frameworks that a call makes."""
        key = (env.path, env.qualname, id(call))
        if key not in self._rules:
            self._rules[key] = called_rules(self.bodies, self.known, self.bodies.scope(env.path, env.qualname), call, applied)
        return self._rules[key]

    def keep(self, one: Registered) -> None:
        self.registered.append(one)
        if len(self.registered) >= MAX_TOOLS:
            raise ExhaustedError

    # --- names and attributes ----------------------------------------------------------------------------------------

    def module(self, path: str) -> Env:
        return self._modules.setdefault(path, Env(path, ""))

    def module_name(self, path: str, name: str) -> Value:
        held = self.module(path).held
        if name not in held:
            held[name] = UNKNOWN
            found = [self.meant(target) for target in self.names.lookup(path, name)]
            held[name] = either(found) if found else Foreign(name)
        return held[name]

    def meant(self, target: Target) -> Value:
        """A resolved name as a value."""
        if target.kind == "function":
            facts = self.bodies.project.facts(target.path, target.qualname)
            return UNKNOWN if facts is None else Made(target.path, facts, target.qualname)
        if target.kind == "class":
            return Kind(target)
        if target.kind == "module":
            return Module(target)
        if target.kind == "foreign":
            return Foreign(target.names[-1])
        key = (target.path, target.qualname)
        if key not in self._shared:
            self._shared[key] = UNKNOWN
            if target.value is not None and target.value.value is not None:
                self._shared[key] = evaluate(self, self.module(target.path), target.value.value)
        return self._shared[key]

    def attribute(self, value: Value, name: str) -> Value:
        if isinstance(value, Either):
            return either(self.attribute(one, name) for one in value.options)
        if isinstance(value, Thing):
            return value.attrs[name] if name in value.attrs else self._member(value.kind, value, name)
        if isinstance(value, Kind):
            return self._shared.get((value.target.path, f"{value.target.qualname}.{name}")) or self._member(value.target, None, name)
        if isinstance(value, Made):
            return value.attrs.get(name) or (Plain(value.name) if name in ("__name__", "__qualname__") else UNKNOWN)
        if isinstance(value, Module):
            return either(self.meant(one) for one in self.names.attribute((value.target,), name))
        return making_natives.attribute(value, name)

    def _member(self, kind: Target, receiver: Thing | None, name: str) -> Value:
        for member in self.names.class_member(kind, name):
            made = self.meant(member) if member.kind != "foreign" else UNKNOWN
            if not isinstance(made, Made):
                return made
            listed = made.facts.decorators if isinstance(made.facts, f.FunctionFacts) else ()
            decorators = {last_part(one) for one in listed}
            if "staticmethod" in decorators:
                return made
            made.receiver = Kind(kind) if "classmethod" in decorators else receiver
            return self.invoke(made, [], {}) if decorators & {"property", "cached_property"} and receiver is not None else made
        return UNKNOWN

    def inherited(self, env: Env, name: str) -> Value:
        """`super().name` in a method."""
        scope = self.bodies.scope(env.path, env.qualname)
        receiver = env.holder(scope.receiver)
        for base in self.names.ancestors(scope.own_class()) if scope.owner and receiver is not None else ():
            held = receiver.held[scope.receiver] if receiver is not None else UNKNOWN
            if base.kind == "class":
                return self._member(base, held if isinstance(held, Thing) else None, name)
        return UNKNOWN

    # --- statements --------------------------------------------------------------------------------------------------

    def start(self, path: str, qualname: str) -> None:
        """Follow a module's top-level code, or a function that is called with nothing known."""
        facts = self.bodies.project.facts(path, qualname)
        if facts is None:
            return
        try:
            if qualname == MODULE:
                self.frames.append(Frame(self.module(path)))
                self.block(self.frames[-1], facts.body)
            else:
                making_calls.call_unknown(self, path, qualname, facts)
        except (RaisedError, ExhaustedError, RecursionError):
            pass
        except ToolauditError:
            raise
        except Exception:  # a fault of ours costs what this start would still have made, not the scan
            return

    def invoke(self, func: Value, args: list[Value], keywords: dict[str, Value]) -> Value:
        return making_calls.invoke(self, func, args, keywords)

    def called(self, env: Env, call: f.Call) -> Value:
        return making_calls.called(self, env, call)

    def yielded(self, value: Value) -> None:
        self.frames[-1].yields.append(value)

    def block(self, frame: Frame, body: tuple[f.Stmt, ...]) -> str:
        """Run statements; how they end: `return`, `break`, `continue`, or empty."""
        for position, statement in enumerate(body):
            self.spend()
            if isinstance(statement, f.Assign) and statement.value is not None and isinstance(statement.targets[0], f.Name):
                value = evaluate(self, frame.env, statement.value)
                if isinstance(value, Either) and frame.splits < MAX_SPLITS and len(statement.targets) == 1:
                    return self._split(frame, statement.targets[0].id, value, body[position + 1 :])
                for target in statement.targets:
                    self._assign(frame, target, value)
                continue
            ended = self._statement(frame, statement)
            if ended:
                return ended
        return ""

    def _split(self, frame: Frame, name: str, value: Either, rest: tuple[f.Stmt, ...]) -> str:
        """What follows, once for each of the values that a variable may have."""
        ends: set[str] = set()
        frame.splits += 1
        for option in value.options:
            frame.env.held[name] = option
            try:
                ends.add(self.block(frame, rest))
            except RaisedError:
                ends.add("raise")
        frame.splits -= 1
        frame.env.held[name] = value
        return ends.pop() if len(ends) == 1 and "raise" not in ends else ""

    def _statement(self, frame: Frame, statement: f.Stmt) -> str:
        env = frame.env
        if isinstance(statement, f.Assign):
            if statement.value is not None:
                value = evaluate(self, env, statement.value)
                for target in statement.targets:
                    self._assign(frame, target, value)
        elif isinstance(statement, f.Evaluate):
            evaluate(self, env, statement.value)
        elif isinstance(statement, f.If):
            return self._branch(frame, truth(evaluate(self, env, statement.test)), statement.body, statement.orelse)
        elif isinstance(statement, f.For):
            return self._loop(frame, statement)
        elif isinstance(statement, f.Return):
            frame.returns.append(evaluate(self, env, statement.value) if statement.value is not None else NONE)
            return "" if frame.weak else "return"
        elif isinstance(statement, f.Jump):
            return "" if frame.weak or statement.kind == "pass" else statement.kind
        elif isinstance(statement, f.Raise):
            if not frame.weak:
                raise RaisedError
        elif isinstance(statement, f.While):
            self._weakly(frame, statement.body)
        elif isinstance(statement, f.With):
            for entered, name in statement.items:
                self._assign(frame, name, self._entered(evaluate(self, env, entered)))
            return self.block(frame, statement.body)
        elif isinstance(statement, f.Try):
            return self._try(frame, statement)
        else:
            return self._other(frame, statement)
        return ""

    def _other(self, frame: Frame, statement: f.Stmt) -> str:
        env = frame.env
        if isinstance(statement, f.Augment):
            made = making_natives.combined(statement.op, evaluate(self, env, statement.target), evaluate(self, env, statement.value))
            self._assign(frame, statement.target, made)
        elif isinstance(statement, f.Define):
            qualname = statement.function.qualname
            making_calls.define(self, env, statement.function, qualname)
        elif isinstance(statement, f.DefineClass):
            qualname = f"{env.qualname}.{statement.name}".lstrip(".")
            env.held[statement.name] = Kind(Target("class", (qualname,), env.path, qualname))
        elif isinstance(statement, f.Import):
            for binding in statement.bindings:
                targets = (
                    self.names.member(binding.module, binding.attribute) if binding.attribute else (self.names.module(binding.module),)
                )
                env.held[binding.name] = either(self.meant(one) for one in targets)
        elif isinstance(statement, f.Scope):
            frame.outer_names.update(statement.names)
        elif isinstance(statement, f.Delete):
            for target in statement.targets:
                if isinstance(target, f.Item):
                    table = evaluate(self, env, target.value)
                    if isinstance(table, Table) and not frame.weak:
                        table.items.pop(key_of(evaluate(self, env, target.index)), None)
        elif isinstance(statement, f.Match):
            subject = evaluate(self, env, statement.subject)
            for case in statement.cases:
                said = self._matches(frame, subject, case)
                if said is None:
                    self._weakly(frame, case.body)
                elif said:
                    return self.block(frame, case.body)
        return ""

    def _matches(self, frame: Frame, subject: Value, case: f.Case) -> bool | None:
        if isinstance(case.pattern, f.Name) and case.guard is None:
            if case.pattern.id != "_":
                frame.env.held[case.pattern.id] = subject
            return True
        patterns = case.pattern.items if isinstance(case.pattern, f.Display) and case.pattern.kind == "or" else (case.pattern,)
        keys = [key_of(evaluate(self, frame.env, one)) if isinstance(one, f.Const | f.Attr) else None for one in patterns]
        if key_of(subject) is None or None in keys or case.guard is not None:
            return None
        return key_of(subject) in keys

    def _branch(self, frame: Frame, said: bool | None, body: tuple[f.Stmt, ...], orelse: tuple[f.Stmt, ...]) -> str:
        if said is not None:
            return self.block(frame, body if said else orelse)
        self._weakly(frame, body)
        self._weakly(frame, orelse)
        return ""

    def _weakly(self, frame: Frame, body: tuple[f.Stmt, ...]) -> None:
        frame.weak += 1
        try:
            self.block(frame, body)
        except RaisedError:
            pass
        finally:
            frame.weak -= 1

    def _loop(self, frame: Frame, statement: f.For) -> str:
        for number, (one, certain) in enumerate(members(evaluate(self, frame.env, statement.iterable))):
            if number >= MAX_LOOP:
                break
            if not certain:
                self.bind(frame.env, statement.target, one)
                self._weakly(frame, statement.body)
                continue
            self.bind(frame.env, statement.target, one)
            ended = self.block(frame, statement.body)
            if ended == "return":
                return ended
            if ended == "break":
                return ""
        return self.block(frame, statement.orelse)

    def _try(self, frame: Frame, statement: f.Try) -> str:
        try:
            ended = self.block(frame, statement.body) or self.block(frame, statement.orelse)
        except RaisedError:
            if not statement.handlers:
                raise
            ended = self.block(frame, statement.handlers[0].body)
        return ended or self.block(frame, statement.finalbody)

    def _entered(self, value: Value) -> Value:
        """What `with value as name` binds: of a context manager of the project's own what it yields."""
        if isinstance(value, Row) and value.kind == "generator":
            return either(value.items)
        entered = self.attribute(value, "__enter__") if isinstance(value, Thing) else UNKNOWN
        return self.invoke(entered, [], {}) if isinstance(entered, Made) else value

    # --- assignments -------------------------------------------------------------------------------------------------

    def bind(self, env: Env, target: f.Expr | None, value: Value) -> None:
        """A loop's variables."""
        self._assign(Frame(env), target, value)

    def _assign(self, frame: Frame, target: f.Expr | None, value: Value) -> None:
        env, weak = frame.env, frame.weak > 0
        if isinstance(target, f.Name):
            holder = env.outer.holder(target.id) if target.id in frame.outer_names and env.outer is not None else env
            held = (holder or self.module(env.path)).held
            held[target.id] = either([held[target.id], value]) if weak and target.id in held else value
        elif isinstance(target, f.Attr):
            for owner in options(evaluate(self, env, target.value)):
                self._set(owner, target.attr, value, weak)
        elif isinstance(target, f.Item):
            key = key_of(evaluate(self, env, target.index))
            for owner in options(evaluate(self, env, target.value)):
                if isinstance(owner, Table) and key is None:
                    owner.rest.append(value)
                elif isinstance(owner, Table):
                    owner.items[key] = either([looked_up(owner, key), value]) if weak else value
        elif isinstance(target, f.Display):
            given = list(self._unpacked(value, len(target.items)))
            for one, part in zip(target.items, given, strict=True):
                self._assign(frame, one.value if isinstance(one, f.Starred) else one, part)

    def _set(self, owner: Value, name: str, value: Value, weak: bool) -> None:
        if isinstance(owner, Kind):
            self._shared[owner.target.path, f"{owner.target.qualname}.{name}"] = value
        elif isinstance(owner, Thing | Made):
            owner.attrs[name] = either([owner.attrs[name], value]) if weak and name in owner.attrs else value

    def _unpacked(self, value: Value, count: int) -> Iterator[Value]:
        rows = [one.items for one in options(value) if isinstance(one, Row) and not one.rest and len(one.items) == count]
        for position in range(count):
            yield either(row[position] for row in rows) if rows else UNKNOWN
