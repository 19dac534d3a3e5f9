"""Which ways of a condition refuse: they raise, or end with an answer that says so instead of with the thing that was looked for."""

from __future__ import annotations

import re

from toolaudit import facts as f
from toolaudit.effects.edits import marked, selected
from toolaudit.effects.frame import Effect
from toolaudit.effects.truth import found_in, selected_in
from toolaudit.effects.values import CLEAN, Taint, join_taint

_SAYS = re.compile(r"^[A-Z]|dump|err|fail|json|message|output|reject|reply|resp|result|text|warn")
ABSENCES = (
    "KeyError", "FileNotFoundError", "NotFound", "NotFoundError", "DoesNotExist", "LookupError", "IndexError", "StopIteration", "AttributeError",
    "FileExistsError", "NoResultFound", "ResourceNotFoundException", "ObjectDoesNotExist", "NameError", "NoSuchKey", "IntegrityError",
    "AlreadyExists", "ResourceNotFoundError", "UnknownObjectException", "UnboundLocalError", "CalledProcessError", "NotFoundException",
    "NoSuchEntityException", "ResourceAlreadyExistsException", "DuplicateKeyError", "UniqueViolation", "ClientError", "ApiException",
)  # fmt: skip
"""What is raised where a thing is not there, or is there already."""
THERE = "^"
"""How an item of a taint begins that names a look-up: the call refuses where it finds what it would make."""
ABSENT = "?"
"""The same, where it does not find what it would end."""


def marks_of_ways(stmt: f.If, taint: Taint, rest: tuple[f.Stmt, ...]) -> list[Taint]:
    """For both ways of an `if` the marks of the look-up, where the other one refuses (`rest` follows after it), or where it met what it
    looked for."""
    marks, met = _refused_beside(stmt, taint, rest), selected_in(stmt.test)
    return [join_taint(mark, selected(taint)) if way == met else mark for way, mark in enumerate(marks)]


def _refused_beside(stmt: f.If, taint: Taint, rest: tuple[f.Stmt, ...]) -> list[Taint]:
    found = _found_in(stmt.test)
    if found is None:
        return [CLEAN, CLEAN]
    ends = [way[-1] if way else None for way in (stmt.body, stmt.orelse)]
    if rest and not stmt.orelse and isinstance(ends[0], f.Return | f.Raise):
        ends[1] = rest[-1]
    return [
        marked(ABSENT if way == found else THERE, taint) if _refuses(other) and not _alike(other, end) else CLEAN
        for way, (end, other) in enumerate(zip(ends, ends[::-1], strict=True))
    ]


def refused_if_there(effect: Effect, read: int) -> bool:
    return f"{THERE}{read}" in effect.control


def refused_if_absent(effect: Effect, read: int) -> bool:
    return f"{ABSENT}{read}" in effect.control


def of_absence(kind: f.Expr | None) -> bool:
    """A handler for what is not there (or is there already): what it does depends on what was looked at."""
    if isinstance(kind, f.Display):
        return any(of_absence(item) for item in kind.items)
    name = kind.id if isinstance(kind, f.Name) else kind.attr if isinstance(kind, f.Attr) else ""
    return name in ABSENCES


def _found_in(test: f.Expr) -> int | None:
    if isinstance(test, f.Compare) and test.ops in (("in",), ("not in",)):
        return 0 if test.ops == ("in",) else 1
    return found_in(test)


def _alike(one: f.Stmt | None, other: f.Stmt | None) -> bool:
    return isinstance(one, f.Return) and isinstance(other, f.Return) and one.value == other.value


def _refuses(end: f.Stmt | None) -> bool:
    return isinstance(end, f.Raise) or (isinstance(end, f.Return) and end.value is not None and _says(end.value))


def _says(value: f.Expr) -> bool:
    """An answer in words, or a plain no: nothing of what is kept is in it."""
    match value:
        case f.Const():
            return value.value is False or (isinstance(value.value, str) and bool(value.value))
        case f.Template():
            return not any(_kept(part) for part in value.parts)
        case f.Mapping():
            return any(_says(held) for _, held in value.items)
        case f.Display():
            return any(_says(held) for held in value.items)
        case f.Await():
            return _says(value.value)
        case f.Call():
            return bool(_SAYS.search(_name(value.func))) and any(_says(held) for held in (*value.args, *(k.value for k in value.keywords)))
    return False


def _kept(part: f.Expr) -> bool:
    if not isinstance(part, f.Attr | f.Item):
        return False
    return not isinstance(part.value, f.Name) or part.value.id in ("self", "cls")


def _name(called: f.Expr) -> str:
    return called.attr if isinstance(called, f.Attr) else called.id if isinstance(called, f.Name) else ""
