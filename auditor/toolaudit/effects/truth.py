"""Conditions: what is decided by constants, and what must hold of the arguments for a branch to run."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from toolaudit import facts as f
from toolaudit.effects.frame import Effect, Frame
from toolaudit.effects.function_tables import is_table
from toolaudit.effects.objects import parameter_of
from toolaudit.effects.values import CLEAN, Class, Data, Handle, Loc, Many, Scalar, Taint, Value
from toolaudit.model import Fact, Resource


def quiet_look(frame: Frame, expr: f.Expr) -> Value:
    """The value of a plain expression, nothing recorded."""
    if not isinstance(expr, f.Name | f.Attr | f.Const | f.Item):
        return _UNKNOWN
    frame.quiet += 1
    try:
        from toolaudit.effects.expressions import look

        return look(frame, expr)
    finally:
        frame.quiet -= 1


_UNKNOWN = Value(Data())


def truth(frame: Frame, test: f.Expr) -> bool | None:
    """True or False where constants decide a condition, None where they do not."""
    if isinstance(test, f.Const):
        return bool(test.value)
    if isinstance(test, f.Unary) and test.op == "not":
        inner = truth(frame, test.operand)
        return None if inner is None else not inner
    if isinstance(test, f.Boolean):
        return _boolean(frame, test)
    if isinstance(test, f.Compare) and len(test.ops) == 1:
        return _compare(frame, test)
    if isinstance(test, f.Call):
        return _begins(frame, test)
    if isinstance(test, f.Name):
        if test.id == "TYPE_CHECKING":
            return False
        value = quiet_look(frame, test)
        _demand(frame, value)
        if isinstance(value.form, Scalar) and value.loc is None and test.id in frame.env and value.taint <= frozenset(frame.env):
            return bool(value.form.value) if test.id in frame.fixed else None
        return _held(frame, test, value)
    return None


def _held(frame: Frame, test: f.Name, value: Value) -> bool | None:
    """Whether a container that the caller made holds something, as far as its members are known."""
    if not isinstance(value.form, Many) or value.loc is not None or test.id not in frame.fixed:
        return None
    return True if value.form.items or value.form.entries else False if value.form.items == () and value.form.kind == "tuple" else None


def _boolean(frame: Frame, test: f.Boolean) -> bool | None:
    found = [truth(frame, part) for part in test.values]
    if test.op == "and":
        return False if False in found else True if all(found) else None
    return True if True in found else False if all(part is False for part in found) else None


def _compare(frame: Frame, test: f.Compare) -> bool | None:
    left, right = _compared(frame, test.left), test.rights[0]
    op = test.ops[0]
    _demand(frame, left)
    if isinstance(left.form, Class):
        return _same_class(frame, test, left.form)
    if not isinstance(left.form, Scalar) or left.loc is not None or not _fixed(frame, test.left):
        return None
    value = left.form.value
    if op in ("==", "!="):
        other = quiet_look(frame, right)
        if not isinstance(other.form, Scalar):
            return None
        return (value == other.form.value) == (op == "==")
    if op in ("is", "is not") and isinstance(right, f.Const):
        return (value is right.value or value == right.value) == (op == "is")
    if op in ("in", "not in") and isinstance(right, f.Display):
        options = [quiet_look(frame, part) for part in right.items]
        if all(isinstance(option.form, Scalar) for option in options):
            return (value in [option.form.value for option in options if isinstance(option.form, Scalar)]) == (op == "in")
    return _among(frame, value, right, op) if op in ("in", "not in") else None


def _same_class(frame: Frame, test: f.Compare, form: Class) -> bool | None:
    """`self.args_schema is SearchQuery`, of a class that the tool was made with."""
    other = quiet_look(frame, test.rights[0]).form
    if not isinstance(other, Class) or test.ops[0] not in ("is", "==", "is not", "!=") or not _fixed(frame, test.left):
        return None
    return (form.ref == other.ref) == (test.ops[0] in ("is", "=="))


def _among(frame: Frame, value: object, table: f.Expr, op: str) -> bool | None:
    """`name in HANDLERS`, a dict all keys of which are written out."""
    value_of = quiet_look(frame, table)
    form = value_of.form
    if not isinstance(form, Many) or form.kind != "dict" or not form.entries or form.element is not None:
        return None
    if value_of.loc is not None and not is_table(form):
        return None  # shared, so that others may have put more into it
    keys = [key.form.value if isinstance(key.form, Scalar) else None for key, _ in form.entries]
    return None if None in keys else (value in keys) == (op == "in")


def _begins(frame: Frame, test: f.Call) -> bool | None:
    """`name.startswith("git_")` of a text that the caller gave."""
    if not isinstance(test.func, f.Attr) or test.func.attr not in ("startswith", "endswith") or len(test.args) != 1 or test.keywords:
        return None
    left, given = _compared(frame, test.func.value), test.args[0]
    _demand(frame, left)
    options = [quiet_look(frame, part).form for part in (given.items if isinstance(given, f.Display) else (given,))]
    words = [form.value for form in options if isinstance(form, Scalar) and isinstance(form.value, str)]
    if not isinstance(left.form, Scalar) or not isinstance(left.form.value, str) or left.loc is not None or len(words) < len(options):
        return None
    return bool(getattr(left.form.value, test.func.attr)(tuple(words))) if _fixed(frame, test.func.value) else None


def _fixed(frame: Frame, expr: f.Expr) -> bool:
    """The constant is an argument's, not a variable's that another path may have changed."""
    expr = same_text(expr)
    while isinstance(expr, f.Attr | f.Item):
        expr = expr.value
    return isinstance(expr, f.Name) and expr.id in frame.fixed


def _compared(frame: Frame, expr: f.Expr) -> Value:
    """One side of a comparison: a look, or the other spelling of what is looked at."""
    if same_text(expr) is expr or not (isinstance(expr, f.Call) and isinstance(expr.func, f.Attr)) or expr.args:
        return quiet_look(frame, expr)
    value = _compared(frame, expr.func.value)
    if isinstance(value.form, Scalar) and isinstance(value.form.value, str):
        return Value(Scalar(getattr(value.form.value, expr.func.attr)()), value.taint, value.loc)
    return value


def _demand(frame: Frame, value: Value) -> None:
    parameter = parameter_of(value)
    if parameter:
        frame.demands.add(parameter)


def facts_of(frame: Frame, test: f.Expr, known: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """What holds of the arguments when the condition is true, added to what is known."""
    found = list(known)
    for fact in _facts(frame, test):
        if fact not in found:
            found.append(fact)
    return tuple(found)


def _facts(frame: Frame, test: f.Expr) -> list[Fact]:
    if isinstance(test, f.Boolean) and test.op == "and":
        return [fact for part in test.values for fact in _facts(frame, part)]
    if isinstance(test, f.Compare) and test.ops == ("==",):
        one, other = quiet_look(frame, test.left), quiet_look(frame, test.rights[0])
        if isinstance(one.form, Scalar):
            one, other = other, one
        parameter = parameter_of(one)
        if parameter and isinstance(other.form, Scalar) and isinstance(other.form.value, str):
            return [Fact(parameter, other.form.value)]
    return []


# First words of SQL that reads, and of SQL that does not.
ASKING = frozenset({"select", "show", "describe", "desc", "explain", "values", "with", "pragma", "match"})
CHANGING = frozenset({"insert", "update", "delete"})
SAME_TEXT = frozenset({"strip", "lstrip", "rstrip", "upper", "lower", "casefold"})
FIRST_WORD = frozenset({"split", "partition"})
_WORDS = re.compile(r"[a-z]{2,}")
_READS = re.compile(r"(^|_)(is|check|only|valid|validate)_?.*(read_?only|select|safe_(query|sql|statement)|read_(query|sql|statement))")
_CHANGES = re.compile(
    r"(^|_)(is|has|contains|detect|find|finds|holds)_?.*"
    r"(mutat|writ(e|ing)|modif|dml|ddl|destructive|(forbidden|dangerous|disallowed|blocked)_(keyword|word|statement|sql|query|command))"
)


def refuses_all_but_reads(frame: Frame, stmt: f.If) -> str:
    """The argument of `if not query.startswith("SELECT"): raise`: what follows runs only reads of it. Empty where nothing is refused."""
    if stmt.orelse or not stmt.body or not isinstance(stmt.body[-1], f.Return | f.Raise):
        return ""
    held = _refused(frame, stmt.test)
    return "" if held is None else parameter_of(quiet_look(frame, held))


def _refused(frame: Frame, test: f.Expr) -> f.Expr | None:
    """The text of which a condition holds when it is no read."""
    if isinstance(test, f.Unary) and test.op == "not" and isinstance(test.operand, f.Call):
        return _begins_otherwise(frame, test.operand) or _told_of(test.operand, _READS)
    if isinstance(test, f.Compare) and test.ops == ("is",) and isinstance(test.left, f.Call) and test.rights == (f.Const(None),):
        return _begins_otherwise(frame, test.left)
    if isinstance(test, f.Call) and (told := _told_of(test, _CHANGES)) is not None:
        return told
    if isinstance(test, f.Compare) and test.ops in (("!=",), ("not in",)) and _only(frame, test.rights[0], ASKING):
        left = same_text(test.left)
        first = isinstance(left, f.Item) and isinstance(left.index, f.Const) and left.index.value == 0
        return same_text(same_text(left.value, FIRST_WORD)) if first and isinstance(left, f.Item) else None
    if isinstance(test, f.Call) and isinstance(test.func, f.Name) and test.func.id == "any" and len(test.args) == 1:
        return _holds_a_change(frame, test.args[0])
    return None


def _told_of(call: f.Call, said: re.Pattern[str]) -> f.Expr | None:
    """What a helper is asked about whose name says that it tells reads from changes: `is_read_only(sql)`, `has_mutating_keywords(sql)`."""
    name = call.func.attr if isinstance(call.func, f.Attr) else call.func.id if isinstance(call.func, f.Name) else ""
    return same_text(call.args[0]) if len(call.args) == 1 and not call.keywords and said.search(name.lower()) else None


def _begins_otherwise(frame: Frame, call: f.Call) -> f.Expr | None:
    """What `text.startswith("SELECT")` and `re.match(r"\\s*select", text)` speak of."""
    func = call.func
    if not isinstance(func, f.Attr):
        return None
    if func.attr == "startswith" and len(call.args) == 1 and _only(frame, call.args[0], ASKING):
        return same_text(func.value)
    pattern, text = _matched(frame, func, call.args)
    words = set(_WORDS.findall(pattern.lower()))
    anchored = func.attr in ("match", "fullmatch") or (func.attr == "search" and pattern.startswith(("^", "\\A")))
    return same_text(text) if text is not None and anchored and words and words <= ASKING else None


def _matched(frame: Frame, func: f.Attr, args: tuple[f.Expr, ...]) -> tuple[str, f.Expr | None]:
    """A pattern and the text that is matched with it: `re.match(pattern, text)`, `PATTERN.match(text)`."""
    if len(args) > 1 and isinstance(func.value, f.Name) and func.value.id == "re":
        return (str(args[0].value), args[1]) if isinstance(args[0], f.Const) else ("", None)
    compiled = quiet_look(frame, func.value).form
    known = compiled.attr("pattern") if isinstance(compiled, Handle) and compiled.type == "re.Pattern" else None
    return (str(known.form.value), args[0]) if args and known is not None and isinstance(known.form, Scalar) else ("", None)


def _holds_a_change(frame: Frame, clause: f.Expr) -> f.Expr | None:
    """What `any(word in text.upper() for word in ("INSERT", "UPDATE", …))` looks at."""
    if not isinstance(clause, f.Comprehension) or len(clause.clauses) != 1 or not isinstance(clause.element, f.Compare):
        return None
    listed = clause.clauses[0].iterable
    held = quiet_look(frame, listed).form if isinstance(listed, f.Name | f.Attr) else None
    items = listed.items if isinstance(listed, f.Display) else ()
    words = {str(item.value).strip().lower() for item in items if isinstance(item, f.Const)}
    if isinstance(held, Many):
        words |= {str(value.form.value).strip().lower() for value in held.items or () if isinstance(value.form, Scalar)}
    return same_text(clause.element.rights[0]) if words >= CHANGING and clause.element.ops == ("in",) else None


def _only(frame: Frame, given: f.Expr, known: frozenset[str]) -> bool:
    """Whether every word that a text is compared with is a known one."""
    words = given.items if isinstance(given, f.Display) else (given,)
    return bool(words) and all(_word(frame, word) in known for word in words)


def _word(frame: Frame, expr: f.Expr) -> str:
    if isinstance(expr, f.Const):
        return str(expr.value).strip().lower()
    value = quiet_look(frame, same_text(expr))
    _demand(frame, value)
    return str(value.form.value).strip().lower() if isinstance(value.form, Scalar) else ""


def same_text(expr: f.Expr, through: frozenset[str] = SAME_TEXT) -> f.Expr:
    """What a text was before its blanks and its case were changed."""
    while isinstance(expr, f.Call) and isinstance(expr.func, f.Attr) and expr.func.attr in through:
        expr = expr.func.value
    return expr


def _way_of(test: f.Expr, of_part: Callable[[f.Expr], int | None]) -> int | None:
    """The way of a whole condition, where `of_part` tells it of a part without `not`, `and` and `or`."""
    if isinstance(test, f.Unary) and test.op == "not":
        inner = _way_of(test.operand, of_part)
        return None if inner is None else 1 - inner
    if isinstance(test, f.Boolean):
        way = 0 if test.op == "and" else 1
        return way if any(_way_of(part, of_part) == way for part in test.values) else None
    return of_part(test)


def found_in(test: f.Expr) -> int | None:
    """The way on which something was found: what is done there is done again the next time, what is done on the other one is not."""
    if isinstance(test, f.Boolean) and len(parts := _looking(test.values)) < len(test.values):
        test = f.Boolean(test.op, parts)
    return _way_of(test, _found)


def _looking(parts: tuple[f.Expr, ...]) -> tuple[f.Expr, ...]:
    """Without those that only say whether there is something to look up: `parent is not None and self.get(parent) is None`."""
    asked = {arg.id for part in parts for arg in _asked(part) if isinstance(arg, f.Name)}
    return tuple([part for part in parts if _name_given(part) not in asked])


def _asked(part: f.Expr) -> tuple[f.Expr, ...]:
    """What is handed to the call that a part of a condition makes."""
    match part:
        case f.Unary():
            return _asked(part.operand)
        case f.Compare():
            return _asked(part.left)
        case f.Await():
            return _asked(part.value)
        case f.Call():
            return part.args
    return ()


def _name_given(part: f.Expr) -> str:
    """The name of which a part only says that it is given."""
    if isinstance(part, f.Compare) and part.ops == ("is not",):
        part = part.left
    return part.id if isinstance(part, f.Name) else ""


def _found(part: f.Expr) -> int | None:
    if isinstance(part, f.Compare) and len(part.ops) == 1:
        right = part.rights[0]
        nothing = isinstance(right, f.Const) and (right.value is None or right.value == 0)
        return {"is": 1, "==": 1, "is not": 0, "!=": 0, ">": 0}.get(part.ops[0]) if nothing else None
    return 0 if isinstance(part, f.Name | f.Call | f.Await | f.Item | f.Attr) else None


def selected_in(test: f.Expr) -> int | None:
    """The way on which what was compared is the thing that was looked for, or is in what was looked through."""
    return _way_of(test, _selected)


_VERSION = re.compile(r"hash|digest|checksum|etag|version|revision|mtime|modified|sha(1|256)?$", re.IGNORECASE)


def _last_name(side: f.Expr) -> str:
    """The name or constant key by which one side of a comparison is called."""
    match side:
        case f.Name():
            return side.id
        case f.Attr():
            return side.attr
        case f.Item(index=f.Const(value=str(key))):
            return key
        case f.Call():
            return _last_name(side.func)
    return ""


def _selected(part: f.Expr) -> int | None:
    if not isinstance(part, f.Compare) or len(part.ops) != 1 or isinstance(part.rights[0], f.Const):
        return None
    if any(_VERSION.search(_last_name(side)) for side in (part.left, part.rights[0])):
        return None  # a repeat does not meet the version that it is made for
    return {"in": 0, "==": 0, "not in": 1, "!=": 1}.get(part.ops[0])


class Met(NamedTuple):
    """The way of a condition on which something was found, and the marks of what was there."""

    way: int | None = None
    there: Taint = CLEAN


NOTHING_MET = Met()


def met(frame: Frame, test: f.Expr, first: int) -> Met:
    """What a condition says of the places that it looked at, whose effects begin at `first`; one that calls a function may ask how they are
    instead."""
    way = found_in(test)
    if way is None or not _plain(test):
        return Met(way)
    looks = [i for i in range(first, len(frame.effects)) if isinstance(frame.effects[i].target, Loc) and frame.effects[i].op == "check"]
    return Met(way, frozenset([f"!{i}" for i in looks]))


def _plain(test: f.Expr) -> bool:
    if isinstance(test, f.Boolean):
        return all(_plain(part) for part in test.values)
    if isinstance(test, f.Compare):
        return _plain(test.left)
    return _plain(test.operand) if isinstance(test, f.Unary) else isinstance(test, f.Name | f.Attr | f.Item)


def missed_rows(frame: Frame, taint: Taint, found: int | None) -> Taint:
    """The marks of the rows that were looked up, for the way on which there were none."""
    if found is None:
        return CLEAN
    return frozenset(f"={i}" for i in taint if isinstance(i, int) and i < len(frame.effects) and _is_query(frame.effects[i]))


def _is_query(effect: Effect) -> bool:
    return effect.mode == "r" and effect.op == "read" and isinstance(effect.target, Resource) and effect.target.kind == "sql"
