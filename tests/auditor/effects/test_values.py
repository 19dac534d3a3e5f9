"""Abstract values: bounded, folded, named as keys."""

from __future__ import annotations

import pytest

from toolaudit.effects.context import trim
from toolaudit.effects.keys import derived, parts_of
from toolaudit.effects.values import (
    MAX_TAINT,
    Data,
    Either,
    Foreign,
    Handle,
    Instance,
    Loc,
    Manager,
    Many,
    Method,
    Partial,
    Scalar,
    Super,
    Text,
    Value,
    deep_taint,
    join_taint,
    union,
)
from toolaudit.model import KeyPart
from toolaudit.project.resolve import ClassRef

P = Value(Text((KeyPart("param", "p"),)), frozenset({"p"}))
REF = ClassRef("m.py", "C")


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (Value(Scalar(3)), "literal", "3"),
        (P, "param", "p"),
        (Value(Either((Value(Scalar("a")), P))), "param", "p"),
        (Value(Either((Value(Data()), Value(Scalar("a"))))), "literal", "a"),
        (Value(Many("tuple", items=(Value(Scalar("a")), Value(Scalar("b"))))), "literal", "a,b"),
        (Value(Instance(REF)), "unknown", "an object"),
        (Value(Foreign("a.b")), "literal", "a.b"),
        (Value(Data()), "unknown", "computed"),
        (Value(Data(), loc=Loc("global", "G", "m.py")), "global", "G"),
        (Value(Data(), loc=Loc("self", "", "s", ("x",))), "self", "x"),
        (Value(Data(), loc=Loc("cell", "c", "s")), "cell", "c"),
        (Value(Data(), loc=Loc("param", "a", "", ("b",))), "param", "a.b"),
    ],
)
def test_a_value_as_a_key(value: Value, kind: str, text: str) -> None:
    assert [(part.kind, part.text) for part in parts_of(value)] == [(kind, text)]


def test_what_is_computed_is_named_by_what_it_came_from() -> None:
    assert derived([P, Value(Scalar("x")), P]) == (KeyPart("param", "p"),)


@pytest.mark.parametrize(
    "form",
    [
        Many("dict", entries=((Value(Scalar("k")), P),)),
        Many("list", items=(P,)),
        Many("list", element=P),
        Instance(REF, (("a", P),)),
        Handle("t", attrs=(("a", P),)),
        Either((P,)),
        Partial(P),
        Method(P, "m"),
        Manager(Partial(Value(Data()), (P,))),
    ],
)
def test_taint_is_found_inside_and_kept_by_trimming(form: object) -> None:
    value = Value(form)  # type: ignore[arg-type]
    assert deep_taint(value) == {"p"}
    assert deep_taint(trim(value)) == {"p"}


def test_values_of_values_are_cut() -> None:
    value = P
    for _ in range(50):
        value = Value(Many("list", items=(value, value)))
    kept = trim(value)
    depth = 0
    while isinstance(kept.form, Many) and kept.form.items:
        kept, depth = kept.form.items[0], depth + 1
    assert depth == 4
    assert trim(Value(Super(P, REF))).form == Super(P, REF)


def test_unions_fold_and_taint_is_bounded() -> None:
    assert union([P, P]).form == P.form
    assert union([]).form == Data()
    assert union([Value(Scalar(None)), P]).form == P.form
    assert len(join_taint(frozenset(range(200)), frozenset({"p"}))) == MAX_TAINT
