"""What leaves for extraction: a function's lines, or a file's top-level code, with all that is needed to make facts of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from toolaudit.facts import Define, DefineClass, FunctionFacts, FunctionHead, ModuleIndex

MODULE = "<module>"
SETTER = ".setter"
_STAND_INS = {"overload", "setter", "deleter"}


class Slice(Struct, frozen=True, array_like=True):
    """Source to extract. `prefix` stands before the function's name in its qualname; `first` is the file's line of `text`'s first."""

    qualname: str
    text: str
    first: int
    prefix: str
    package: str
    depth: int | None = None
    """Nesting, where it is known already."""
    closely: bool = False
    """To be read with libcst."""


class Extracted(Struct, frozen=True, array_like=True):
    """The outcome for one slice: facts, or the reason why there are none."""

    facts: FunctionFacts | None
    reason: str = ""


def function_slice(lines: Sequence[str], head: FunctionHead, package: str) -> Slice:
    """A top-level function or method; `lines` are those of its file, without their ends."""
    text = "\n".join(lines[head.start - 1 : head.end]) + "\n"
    first = head.start
    if text[:1] in " \t\f":
        text, first = "if 1:\n" + text, first - 1
    return Slice(head.qualname, text, first, head.qualname[: -len(head.name)], package, head.depth)


def module_slice(lines: Sequence[str], index: ModuleIndex, package: str) -> Slice:
    """A file's top-level code: its statements without the functions and classes, which the index lists."""
    kept = list(lines)
    for start, end in _definitions(index):
        line = kept[start - 1]
        indent = line[: len(line) - len(line.lstrip())]
        kept[start - 1 : end] = [indent + "...", *[""] * (end - start)]  # `...` keeps an `if` or `try` whole and makes no fact
    return Slice(MODULE, "\n".join(kept) + "\n", 1, "", package)


def package_of(index: ModuleIndex) -> str:
    """The package that a file's relative imports start from."""
    return index.module if index.path.rpartition("/")[2] == "__init__.py" else index.module.rpartition(".")[0]


def heads_of(index: ModuleIndex) -> dict[str, FunctionHead]:
    """Qualname of every function → the function or method, not nested in another function, that is or holds it.

    Of several by one name the last counts, as in Python; overloads and property setters do not: a setter is `name.setter`.
    """
    heads = {h.qualname: h for h in index.functions}
    heads |= {h.qualname: h for h in index.functions if not _stand_in(h)}
    setters = {h.qualname + SETTER: h for h in index.functions if h.nested_in is None and "setter" in _decorators(h)}
    return {qualname: _outermost(head, heads) for qualname, head in heads.items()} | setters


def _outermost(head: FunctionHead, heads: dict[str, FunctionHead]) -> FunctionHead:
    while head.nested_in is not None:
        head = heads[head.nested_in]
    return head


def _definitions(index: ModuleIndex) -> Iterable[tuple[int, int]]:
    """Lines of the functions and classes at a file's top level, also under `if` and `try`."""
    yield from [(h.start, h.end) for h in index.functions if h.nested_in is None and h.owner is None]
    yield from [(c.start, c.end) for c in index.classes if "." not in c.qualname]


def _stand_in(head: FunctionHead) -> bool:
    return not _STAND_INS.isdisjoint(_decorators(head))


def _decorators(head: FunctionHead) -> list[str]:
    return [str(getattr(d, "attr", None) or getattr(d, "id", "")) for d in head.decorators]


def nested(facts: FunctionFacts) -> list[FunctionFacts]:
    """A function's facts and those of every function defined inside it."""
    found = [facts]
    stack: list[object] = list(facts.body)
    while stack:
        node = stack.pop()
        if isinstance(node, Define):
            found.append(node.function)
            stack.extend(node.function.body)
        elif isinstance(node, DefineClass):
            stack.extend(node.body)
        else:
            for name in ("body", "orelse", "finalbody", "handlers", "cases"):
                stack.extend(getattr(node, name, ()))
    return found
