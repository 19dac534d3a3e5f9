"""Facts: what one pass over a file yields. Plain, frozen, serialisable; nothing after them looks at syntax again.

Two producers fill them. `project/index.py` (`ast`) makes a `ModuleIndex` per file: imports, definitions, signatures, spans.
`project/extract.py` (libcst, function slices only) makes a `FunctionFacts` per function: its body as small statements and
expressions. Both depend on the file's bytes and the extractor's version alone, so they are cached by content hash.

Facts are trees of frozen values, so the garbage collector need not follow them (`gc=False`): decoding takes a third of the time.

Lines are 1-based lines of the file. Expressions that carry no line belong to the statement or call around them.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

# --- expressions -----------------------------------------------------------------------------------------------------


class Const(Struct, frozen=True, array_like=True, gc=False, tag=True):
    """A literal. Bytes, complex numbers and integers beyond 64 bits become `Other`."""

    value: str | int | float | bool | None


class Name(Struct, frozen=True, array_like=True, gc=False, tag=True):
    id: str
    line: int = 0


class Attr(Struct, frozen=True, array_like=True, gc=False, tag=True):
    value: Expr
    attr: str
    line: int = 0


class Item(Struct, frozen=True, array_like=True, gc=False, tag=True):
    """A subscript `value[index]`."""

    value: Expr
    index: Expr
    line: int = 0


class Slice(Struct, frozen=True, array_like=True, gc=False, tag=True):
    lower: Expr | None = None
    upper: Expr | None = None
    step: Expr | None = None


class Keyword(Struct, frozen=True, array_like=True, gc=False):
    """A keyword argument; `name` is None for `**value`."""

    name: str | None
    value: Expr


class Starred(Struct, frozen=True, array_like=True, gc=False, tag=True):
    value: Expr


class Call(Struct, frozen=True, array_like=True, gc=False, tag=True):
    func: Expr
    args: tuple[Expr, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    line: int = 0
    col: int = 0


class Await(Struct, frozen=True, array_like=True, gc=False, tag=True):
    value: Expr
    line: int = 0


class Template(Struct, frozen=True, array_like=True, gc=False, tag=True):
    """An f-string (or implicit concatenation): literal parts are `Const` strings, holes are expressions."""

    parts: tuple[Expr, ...]


class Binary(Struct, frozen=True, array_like=True, gc=False, tag=True):
    op: str
    left: Expr
    right: Expr


class Compare(Struct, frozen=True, array_like=True, gc=False, tag=True):
    """`left ops[0] rights[0] ops[1] rights[1] …`; operators as written: `==`, `in`, `not in`, `is`, `is not`, …"""

    left: Expr
    ops: tuple[str, ...]
    rights: tuple[Expr, ...]


class Boolean(Struct, frozen=True, array_like=True, gc=False, tag=True):
    op: Literal["and", "or"]
    values: tuple[Expr, ...]


class Unary(Struct, frozen=True, array_like=True, gc=False, tag=True):
    op: str
    operand: Expr


class Choice(Struct, frozen=True, array_like=True, gc=False, tag=True):
    """A conditional expression `body if test else orelse`."""

    test: Expr
    body: Expr
    orelse: Expr


class Display(Struct, frozen=True, array_like=True, gc=False, tag=True):
    """A tuple, list or set display; `or` for an or-pattern of `match`."""

    kind: Literal["tuple", "list", "set", "or"]
    items: tuple[Expr, ...]


class Mapping(Struct, frozen=True, array_like=True, gc=False, tag=True):
    """A dict display; a `None` key is `**value`."""

    items: tuple[tuple[Expr | None, Expr], ...]


class Parameter(Struct, frozen=True, array_like=True, gc=False):
    name: str
    kind: Literal["positional", "normal", "vararg", "keyword", "kwarg"] = "normal"
    annotation: Expr | None = None
    default: Expr | None = None


class Lambda(Struct, frozen=True, array_like=True, gc=False, tag=True):
    parameters: tuple[Parameter, ...]
    body: Expr
    line: int = 0


class Clause(Struct, frozen=True, array_like=True, gc=False):
    """One `for target in iterable if conditions` of a comprehension."""

    target: Expr
    iterable: Expr
    conditions: tuple[Expr, ...] = ()
    is_async: bool = False


class Comprehension(Struct, frozen=True, array_like=True, gc=False, tag=True):
    kind: Literal["list", "set", "dict", "generator"]
    element: Expr
    value: Expr | None
    clauses: tuple[Clause, ...]


class Walrus(Struct, frozen=True, array_like=True, gc=False, tag=True):
    name: str
    value: Expr


class Yield(Struct, frozen=True, array_like=True, gc=False, tag=True):
    value: Expr | None
    is_from: bool = False
    line: int = 0


class Other(Struct, frozen=True, array_like=True, gc=False, tag=True):
    """An expression that the facts do not describe; `text` says what stood there."""

    text: str


Expr = (
    Const
    | Name
    | Attr
    | Item
    | Slice
    | Starred
    | Call
    | Await
    | Template
    | Binary
    | Compare
    | Boolean
    | Unary
    | Choice
    | Display
    | Mapping
    | Lambda
    | Comprehension
    | Walrus
    | Yield
    | Other
)

# --- statements ------------------------------------------------------------------------------------------------------


class Assign(Struct, frozen=True, array_like=True, gc=False, tag=True):
    """`targets[0] = targets[1] = … = value`; an annotation without a value has `value` None."""

    targets: tuple[Expr, ...]
    value: Expr | None
    line: int
    annotation: Expr | None = None


class Augment(Struct, frozen=True, array_like=True, gc=False, tag=True):
    """`target op= value`; `op` without the equals sign."""

    target: Expr
    op: str
    value: Expr
    line: int


class Delete(Struct, frozen=True, array_like=True, gc=False, tag=True):
    targets: tuple[Expr, ...]
    line: int


class Evaluate(Struct, frozen=True, array_like=True, gc=False, tag=True):
    """An expression statement."""

    value: Expr
    line: int


class Return(Struct, frozen=True, array_like=True, gc=False, tag=True):
    value: Expr | None
    line: int


class Raise(Struct, frozen=True, array_like=True, gc=False, tag=True):
    exception: Expr | None
    cause: Expr | None
    line: int


class If(Struct, frozen=True, array_like=True, gc=False, tag=True):
    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    line: int


class While(Struct, frozen=True, array_like=True, gc=False, tag=True):
    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    line: int


class For(Struct, frozen=True, array_like=True, gc=False, tag=True):
    target: Expr
    iterable: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    line: int
    is_async: bool = False


class With(Struct, frozen=True, array_like=True, gc=False, tag=True):
    items: tuple[tuple[Expr, Expr | None], ...]
    body: tuple[Stmt, ...]
    line: int
    is_async: bool = False


class Handler(Struct, frozen=True, array_like=True, gc=False):
    type: Expr | None
    name: str | None
    body: tuple[Stmt, ...]
    line: int


class Try(Struct, frozen=True, array_like=True, gc=False, tag=True):
    body: tuple[Stmt, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Stmt, ...]
    finalbody: tuple[Stmt, ...]
    line: int


class Case(Struct, frozen=True, array_like=True, gc=False):
    """One `case`: values are `Const`/`Attr`, captures `Name`, the wildcard `Name("_")`, classes `Call`, alternatives `Display("or")`."""

    pattern: Expr
    guard: Expr | None
    body: tuple[Stmt, ...]
    line: int


class Match(Struct, frozen=True, array_like=True, gc=False, tag=True):
    subject: Expr
    cases: tuple[Case, ...]
    line: int


class Define(Struct, frozen=True, array_like=True, gc=False, tag=True):
    """A function defined inside the function."""

    function: FunctionFacts


class DefineClass(Struct, frozen=True, array_like=True, gc=False, tag=True):
    """A class defined inside the function; its methods are `Define` statements of `body`."""

    name: str
    bases: tuple[Expr, ...]
    body: tuple[Stmt, ...]
    line: int


class Scope(Struct, frozen=True, array_like=True, gc=False, tag=True):
    kind: Literal["global", "nonlocal"]
    names: tuple[str, ...]
    line: int


class Binding(Struct, frozen=True, array_like=True, gc=False):
    """One imported name: `import module as name` (attribute None) or `from module import attribute as name`.

    `module` is absolute where the file's package is known (relative levels are resolved); a star import has attribute and name `*`.
    `import a.b` without `as` binds name `a` to module `a` and is listed once more with name `a.b`.
    """

    name: str
    module: str
    attribute: str | None
    line: int


class Import(Struct, frozen=True, array_like=True, gc=False, tag=True):
    bindings: tuple[Binding, ...]
    line: int


class Assert(Struct, frozen=True, array_like=True, gc=False, tag=True):
    test: Expr
    line: int


class Jump(Struct, frozen=True, array_like=True, gc=False, tag=True):
    kind: Literal["break", "continue", "pass"]
    line: int


Stmt = (
    Assign
    | Augment
    | Delete
    | Evaluate
    | Return
    | Raise
    | If
    | While
    | For
    | With
    | Try
    | Match
    | Define
    | DefineClass
    | Scope
    | Import
    | Assert
    | Jump
)


class Pragma(Struct, frozen=True, array_like=True, gc=False):
    """A `# toolaudit: …` comment; `text` is what stands after the colon, stripped."""

    line: int
    text: str


class FunctionFacts(Struct, frozen=True, array_like=True, gc=False):
    """The body of one function. `qualname` is as `__qualname__` without `<locals>`; `<module>` for a file's top-level code."""

    qualname: str
    parameters: tuple[Parameter, ...]
    decorators: tuple[Expr, ...]
    returns: Expr | None
    body: tuple[Stmt, ...]
    line: int
    is_async: bool = False
    is_generator: bool = False
    pragmas: tuple[Pragma, ...] = ()


# --- the index of a file ---------------------------------------------------------------------------------------------


class FunctionHead(Struct, frozen=True, array_like=True, gc=False):
    """A function's outside: everything but its body. `owner` is the qualname of the class it is a direct member of."""

    qualname: str
    name: str
    parameters: tuple[Parameter, ...]
    decorators: tuple[Expr, ...]
    returns: Expr | None
    docstring: str | None
    is_async: bool
    owner: str | None
    nested_in: str | None
    """Qualname of the enclosing function, when the function is defined inside one."""
    start: int
    """First line, decorators included."""
    line: int
    """The line of `def`."""
    end: int
    depth: int = 0
    """Deepest nesting of expressions inside: the guard against inputs that kill libcst."""


class Field(Struct, frozen=True, array_like=True, gc=False):
    """A class-level assignment or annotation."""

    name: str
    annotation: Expr | None
    value: Expr | None
    line: int


class ClassHead(Struct, frozen=True, array_like=True, gc=False):
    qualname: str
    name: str
    bases: tuple[Expr, ...]
    keywords: tuple[Keyword, ...]
    decorators: tuple[Expr, ...]
    fields: tuple[Field, ...]
    docstring: str | None
    nested_in: str | None
    start: int
    line: int
    end: int


class ModuleIndex(Struct, frozen=True, array_like=True, gc=False):
    """What a file defines, without its function bodies. `path` is relative to the project with `/`; `module` its dotted name."""

    path: str
    module: str
    digest: str
    imports: tuple[Binding, ...]
    functions: tuple[FunctionHead, ...]
    classes: tuple[ClassHead, ...]
    assigns: tuple[Assign, ...]
    """Module-level assignments, in order, those under `if`/`try`/`with` included."""
    exported: tuple[str, ...] | None
    """`__all__` where it is a literal."""
    lines: int
    pragmas: tuple[Pragma, ...] = ()
    """Every pragma of the file, also those outside functions."""


class Unreadable(Struct, frozen=True, array_like=True, gc=False):
    """A file (or one function of it) that could not be read: why, in one sentence, and where."""

    path: str
    line: int
    reason: str
