"""Which operations the client of a cloud service has, and which inputs each requires: for tools that are made of them one by one.

The table is compiled from botocore's service models (`python -m toolaudit.frameworks.client_operations` where botocore is installed), and
read only where such tools are met. Nothing here needs botocore.
"""

from __future__ import annotations

import gzip
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("client_operations.txt.gz")
"""A service's name in brackets, then its operations, a line each: the API's own name, then `=` and the client's method where that is not
spelled by the rule, the inputs that are required or say what it is about."""

MAKERS = frozenset({"client", "create_client"})
"""Functions and methods that make a client of the service that they are given first."""
MODELS = frozenset({"get_service_model"})
ROOTS = frozenset({"boto3", "botocore", "aioboto3", "aiobotocore"})
TO_METHOD = frozenset({"botocore.xform_name", "botocore.utils.xform_name"})
"""Make the name of a client's method of the API's own name of an operation."""
HELPERS = ("can_paginate", "close", "generate_presigned_url", "get_paginator", "get_waiter")
"""Methods of every client that are no operations of its service."""
ATTRIBUTES = ("exceptions", "meta")
_FILES = ("copy", "download_file", "download_fileobj", "generate_presigned_post", "upload_file", "upload_fileobj")
_FURTHER = {"s3": _FILES, "ec2": ("create_tags", "delete_tags")}
"""Methods that boto3 adds to the clients of some services."""


class Service:
    """`operations`: the client's method → the API's own name and the inputs that are required."""

    def __init__(self, name: str, operations: dict[str, tuple[str, tuple[str, ...]]]) -> None:
        self.name = name
        self.operations = operations
        self.methods = tuple(sorted({*operations, *HELPERS, *_FURTHER.get(name, ())}))
        self.names = tuple(own for own, _ in operations.values())
        self.method_of = {own: method for method, (own, _) in operations.items()}

    def required(self, method: str) -> tuple[str, ...]:
        return self.operations[method][1] if method in self.operations else ()


@lru_cache(maxsize=1)
def _text() -> str:
    return gzip.decompress(TABLE.read_bytes()).decode()


@lru_cache(maxsize=32)
def service(name: str) -> Service | None:
    """The service of a client; None for one that is not known."""
    start = _text().find(f"[{name}]\n")
    if start < 0:
        return None
    lines = _text()[start + len(name) + 3 :].partition("\n[")[0].splitlines()
    operations: dict[str, tuple[str, tuple[str, ...]]] = {}
    for first, *inputs in (line.split(" ") for line in lines):
        own, _, method = first.partition("=")
        operations[method or method_name(own)] = (own, tuple(inputs))
    return Service(name, operations)


def method_name(own: str) -> str:
    """`CreateDBCluster` as `create_db_cluster`; a few names are spelled otherwise."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", own).lower()


# --- compiling the table -----------------------------------------------------------------------------------------------


def compile_table() -> bytes:
    """The table from botocore's models. Needs botocore; takes some 10 s."""
    import botocore.session  # type: ignore[import-untyped,import-not-found,unused-ignore]
    from botocore import xform_name  # type: ignore[import-untyped,import-not-found,unused-ignore]

    session = botocore.session.get_session()
    lines = [f"# Compiled from the service models of botocore {botocore.__version__}; see client_operations.py."]
    for name in sorted(session.get_available_services()):
        model = session.get_service_model(name)
        lines.append(f"[{name}]")
        for own in sorted(model.operation_names):
            shape = model.operation_model(own).input_shape
            inputs = _inputs(own, shape) if shape is not None else []
            first = own if xform_name(own) == method_name(own) else f"{own}={xform_name(own)}"
            lines.append(" ".join((first, *inputs)))
    return gzip.compress("\n".join(lines).encode() + b"\n", mtime=0)


_IDENTIFYING = ("Arn", "ARN", "Bucket", "Handle", "Id", "Identifier", "Key", "Name", "Url")
_ASKING = ("Describe", "List", "Search")


def _inputs(own: str, shape: Any) -> list[str]:
    """What an operation requires; where none of it says which thing it is about, the addresses of which one is given (`TopicArn`)."""
    required: list[str] = sorted(shape.required_members)
    if own.startswith(_ASKING) or any(name.endswith(_IDENTIFYING) for name in required):
        return required
    return required + [name for name in shape.members if name.endswith(("Arn", "ARN", "Url", "Name"))][:2]


if __name__ == "__main__":
    TABLE.write_bytes(compile_table())
