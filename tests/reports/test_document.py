"""Documents: what is written can be read, is what the shipped schema says, and bad data is one clear line."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from toolaudit_reports.document import (
    Document,
    DocumentError,
    EvidenceDocument,
    ScanDocument,
    encode,
    json_schema,
    load,
    load_evidence,
    load_pieces,
    load_scan,
    pieces,
    shipped_schema,
)
from toolaudit_reports.scan_v1 import Conflict, Suppression
from toolaudit_reports.sharing import _Conflict

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize(("name", "kind"), [("scan.json", ScanDocument), ("evidence.json", EvidenceDocument)])
def test_round_trip_keeps_every_field(name: str, kind: type[Document]) -> None:
    data = (DATA / name).read_bytes()
    document = load(data)
    assert isinstance(document, kind)
    assert json.loads(encode(document)) == json.loads(data)
    assert encode(load(encode(document, indent=2))) == encode(document)


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2500])
def test_pieces_are_the_document(count: int) -> None:
    """A title that looks like the field where it is cut apart must not mislead it."""
    document = load_scan((DATA / "scan.json").read_bytes())
    tool = msgspec.structs.replace(document.tools[0], description='"conflicts":[]')
    document = msgspec.structs.replace(document, tools=(tool,), conflicts=(document.conflicts * count)[:count])
    assert b"".join(pieces(document)) == encode(document)


@pytest.mark.parametrize("count", [0, 1, 51, 1000])
def test_pieces_give_the_document_back(count: int) -> None:
    document = load_scan((DATA / "scan.json").read_bytes())
    accepted = [
        msgspec.structs.replace(c, suppressed=True, suppression=Suppression(origin="comment", reason='why, "]'), new=False, help="")
        for c in document.conflicts
    ]
    document = msgspec.structs.replace(document, conflicts=((*document.conflicts, *accepted) * count)[:count])
    assert load_pieces(pieces(document)) == document


def test_what_many_conflicts_say_is_held_once() -> None:
    document = load_scan((DATA / "scan.json").read_bytes())
    one, *_, other = load_pieces(pieces(msgspec.structs.replace(document, conflicts=document.conflicts[:1] * 200))).conflicts
    assert one.evidence[0] is other.evidence[0] and one.resource is other.resource and one.tools[0] is other.tools[0]


def test_conflicts_are_read_with_all_their_fields() -> None:
    def fields(of: type[msgspec.Struct]) -> list[tuple[str, bool]]:
        return [(field.encode_name, field.required) for field in msgspec.structs.fields(of)]

    assert fields(_Conflict) == fields(Conflict)


@pytest.mark.parametrize("kind", [ScanDocument, EvidenceDocument])
def test_shipped_schema_is_the_generated_one(kind: type[Document]) -> None:
    assert shipped_schema(kind) == json_schema(kind), "run python -m toolaudit_reports.schema"
    jsonschema.Draft202012Validator.check_schema(json.loads(shipped_schema(kind)))


@pytest.mark.parametrize(("name", "kind"), [("scan.json", ScanDocument), ("evidence.json", EvidenceDocument)])
def test_documents_validate_against_the_schema(name: str, kind: type[Document]) -> None:
    document = json.loads(encode(load((DATA / name).read_bytes())))
    jsonschema.validate(document, json.loads(shipped_schema(kind)))


def test_the_fields_of_the_design_are_always_written(scan: ScanDocument) -> None:
    written = json.loads(encode(scan))
    tool = written["tools"][0]
    for field in ("id", "name", "file", "line", "function", "framework", "declared_by", "async", "runs", "parameters"):
        assert field in tool
    for field in ("class", "confidence", "opaque", "atomic", "idempotent", "independent", "declared", "resources"):
        assert field in tool
    assert set(tool["resources"][0]) >= {"kind", "key", "access", "secondary", "atomic", "locks", "chain"}
    for field in ("tools", "kind", "code", "resource", "when", "failure", "runners", "latent", "severity"):
        assert field in written["conflicts"][0]


def edited(path: tuple[str | int, ...], value: object) -> bytes:
    document = json.loads((DATA / "scan.json").read_text())
    place = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return json.dumps(document).encode()


BAD = [
    (b"", "truncated"),
    (b"\xff\xfe{", "not a toolaudit document"),
    (b"[]", "Expected `object`, got `array`"),
    (b"{}", "no `schema`"),
    (b'{"schema": 1}', "neither a scan document"),
    (b'{"schema": 99, "tools": []}', "document schema 99, this toolaudit reads 1: upgrade"),
    (b'{"schema": 0, "tools": []}', "write it again"),
    (b'{"schema": "one", "tools": []}', "$.schema"),
    (b'{"schema": 1, "items": 4}', "not a toolaudit evidence document"),
    (b'{"schema": 1, "more": ' + b"[" * 200_000, "nested too deeply"),
    (edited(("tools", 2, "line"), "twelve"), "$.tools[2].line"),
    (edited(("conflicts", 0, "severity"), "fatal"), "$.conflicts[0].severity"),
    (edited(("conflicts", 1, "tools"), ["one"]), "$.conflicts[1].tools"),
    (edited(("files",), None), "$.files"),
]


@pytest.mark.parametrize(("data", "said"), BAD)
def test_bad_data_is_one_clear_line(data: bytes, said: str) -> None:
    with pytest.raises(DocumentError) as caught:
        load(data, source="result.json")
    message = str(caught.value)
    assert said in message
    assert message.startswith("result.json: ")
    assert "\n" not in message


def test_each_loader_refuses_the_other_document(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    with pytest.raises(DocumentError, match="not a toolaudit scan document"):
        load_scan(encode(evidence))
    with pytest.raises(DocumentError, match="not a toolaudit evidence document"):
        load_evidence(encode(scan))


def test_a_later_minor_version_may_add_fields(scan: ScanDocument) -> None:
    assert load_scan(edited(("tools", 0, "colour"), {"any": ["thing"]})) == scan


def test_odd_file_names_do_not_stop_the_writing(scan: ScanDocument) -> None:
    odd = msgspec.structs.replace(scan, roots=("caf\udce9",), sources={"caf\udce9.py": {1: "x = '\ud800'"}})
    assert load_scan(encode(odd)).roots == ("caf\\udce9",)
