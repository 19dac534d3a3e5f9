"""What an operation of an AWS client does: a rule over its verb, and the operations that break the rule.

The exceptions stand in `aws_operations.toml`, compiled from botocore's service models (`python -m toolaudit.catalogue.aws` where botocore
is installed): the `readonly` trait, the HTTP method, and which required inputs name the thing that is made. Nothing here needs botocore.
"""

from __future__ import annotations

import sys
import tomllib
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from toolaudit.catalogue.entries import Api, EffectEntry, Repeat, Returns
from toolaudit.model import Operation

TABLE = Path(__file__).with_name("aws_operations.toml")

READ_VERBS = frozenset(
    {
        "get",
        "list",
        "describe",
        "search",
        "head",
        "lookup",
        "query",
        "scan",
        "select",
        "view",
        "check",
        "validate",
        "estimate",
        "preview",
        "detect",
        "test",
        "verify",
        "discover",
        "resolve",
        "calculate",
        "count",
        "is",
        "translate",
        "recognize",
        "analyze",
        "predict",
        "infer",
        "suggest",
        "converse",
        "evaluate",
        "sample",
        "retrieve",
        "compare",
        "filter",
        "simulate",
        "classify",
        "rerank",
        "summarize",
        "can",
        "decode",
        "decrypt",
        "encrypt",
        "sign",
        "assume",
        "generate",
        "wait",
        "download",
        "has",
    }
)
"""First words of operations that only answer. Encryption and signing answer too; a generated key or credential is not kept by the service."""
LISTS = frozenset({"list", "describe", "search", "scan", "query", "lookup", "select", "discover"})
CHECKS = frozenset({"head", "check", "validate", "verify", "test", "is", "has", "can", "wait"})
WRITES: dict[str, tuple[Operation, Repeat]] = {
    "put": ("write", "same"),
    "set": ("write", "same"),
    "update": ("update", "same"),
    "modify": ("update", "same"),
    "upload": ("write", "same"),
    "copy": ("write", "same"),
    "delete": ("delete", "error"),
    "remove": ("delete", "same"),
    "terminate": ("delete", "same"),
    "deregister": ("delete", "error"),
    "tag": ("update", "same"),
    "untag": ("update", "same"),
    "attach": ("update", "same"),
    "detach": ("update", "error"),
    "enable": ("update", "same"),
    "disable": ("update", "same"),
    "associate": ("update", "same"),
    "disassociate": ("update", "same"),
    "cancel": ("update", "same"),
    "stop": ("update", "same"),
    "create": ("create", "error"),
    "register": ("create", "error"),
    "import": ("create", "again"),
    "add": ("append", "unknown"),
    "send": ("send", "again"),
    "publish": ("send", "again"),
    "invoke": ("send", "again"),
    "start": ("send", "again"),
    "run": ("send", "again"),
    "submit": ("send", "again"),
    "post": ("send", "again"),
    "execute": ("opaque", "unknown"),
    "receive": ("consume", "again"),
    "poll": ("consume", "again"),
}
CREATES = frozenset(verb for verb, (op, _) in WRITES.items() if op == "create")
PREFIXES = ("batch", "admin", "bulk")
IDENTIFIERS = (
    "Bucket", "TableName", "FunctionName", "QueueUrl", "QueueName", "TopicArn", "StreamName", "StackName", "RoleName", "UserName", "GroupName",
    "PolicyArn", "PolicyName", "SubscriptionArn", "TaskHandle", "ClusterName", "clusterName", "cluster", "DBInstanceIdentifier", "DBClusterIdentifier", "DomainName", "domainName",
    "UserPoolId", "restApiId", "ApiId", "apiId", "SecretId", "KeyId", "InstanceId", "InstanceIds", "VolumeId", "VpcId", "SubnetId", "logGroupName",
    "repositoryName", "projectName", "pipelineName", "stateMachineArn", "executionArn", "JobId", "jobId", "JobName", "jobName", "AlarmName",
    "AlarmNames", "Namespace", "DatabaseName", "CatalogId", "WorkGroup", "QueryExecutionId", "knowledgeBaseId", "dataSourceId", "agentId",
    "memoryId", "sessionId", "ApplicationId", "applicationId", "AutoScalingGroupName", "HostedZoneId", "DistributionId", "EventBusName", "Identifier",
    "identifier", "ResourceArn", "resourceArn", "ResourceARN", "Arn", "arn", "Id", "id", "Name", "name", "Key", "modelId",
)  # fmt: skip
_ITEM = "".join(f"{{{name}}}" for name in IDENTIFIERS)
_HELPERS: dict[str, Api] = {
    "close": Api(pure=True),
    "can_paginate": Api(pure=True),
    "exceptions": Api(pure=True, property=True),
    "meta": Api(pure=True, property=True),
    "generate_presigned_url": Api(pure=True),
    "generate_presigned_post": Api(pure=True),
    "get_paginator": Api(params=("operation_name",), returns=Returns(type="botocore.paginate.Paginator", handle="{self}"), pure=True),
    "get_waiter": Api(params=("waiter_name",), returns=Returns(type="botocore.waiter.Waiter", handle="{self}"), pure=True),
}
_FILES = {
    "upload_file": ("Filename", "r"),
    "download_file": ("Filename", "w"),
}


class Table(Struct, frozen=True):
    """The operations that break the verb's rule, and those that make a new thing every time."""

    reads: frozenset[str]
    writes: frozenset[str]
    again: frozenset[str]


@lru_cache(maxsize=1)
def table() -> Table:
    raw = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return Table(*(frozenset(word for line in raw[name] for word in line.split()) for name in ("reads", "writes", "again")))


def operation(type_name: str, method: str) -> Api | None:
    """The entry of a client's method; None for what is no operation (dunders, private names)."""
    del type_name  # the name of an operation says what it does whatever the service; the service is in the handle
    if method.startswith("_"):
        return None
    helper = _HELPERS.get(method)
    if helper is not None:
        return helper
    if method in _FILES:
        return _transfer(method)
    effect = describe(method)
    return Api(effects=(effect,), blocking=True, origin="exact")


def describe(method: str) -> EffectEntry:
    """The effect of an operation on the service's resource that its identifying arguments name."""
    known = table()
    verb = verb_of(method)
    reads = method in known.reads or (verb in READ_VERBS and method not in known.writes)
    if reads:
        if verb in CHECKS:
            return EffectEntry(handle=True, item=_ITEM, mode="r", op="check", atomic=True)
        listing = verb in LISTS
        return EffectEntry(handle=True, item=_ITEM + ("*" if listing else ""), mode="r", op="list" if listing else "read", atomic=True)
    op, repeat = WRITES.get(verb, ("update", "unknown"))
    if method in known.again:
        repeat = "again"
    return EffectEntry(
        handle=True,
        item=_ITEM,
        mode="rw" if op in ("consume", "opaque") else "w",
        op=op,
        atomic=op != "opaque",
        repeat=repeat,
        fails_when="present" if repeat == "error" and op == "create" else "absent" if repeat == "error" else "",
    )


def verb_of(method: str) -> str:
    """The word that decides: `batch_get_item` gets, `admin_delete_user` deletes."""
    first, _, rest = method.partition("_")
    return rest.partition("_")[0] if first in PREFIXES and rest else first


def _transfer(method: str) -> Api:
    argument, mode = _FILES[method]
    local = EffectEntry(
        kind="file", key=f"{{{argument}}}", mode="r" if mode == "r" else "w", op="read" if mode == "r" else "write", repeat="same"
    )
    remote = EffectEntry(
        handle=True,
        item="{Bucket}/{Key}",
        mode="w" if mode == "r" else "r",
        op="write" if mode == "r" else "read",
        atomic=True,
        repeat="same",
    )
    params = ("Filename", "Bucket", "Key") if mode == "r" else ("Bucket", "Key", "Filename")
    return Api(params=params, effects=(local, remote) if mode == "r" else (remote, local), blocking=True)


# --- compiling the table -----------------------------------------------------------------------------------------------


def compile_table() -> str:
    """The table from botocore's models, as TOML text. Needs botocore; takes some 15 s."""
    import botocore.session  # type: ignore[import-untyped,import-not-found,unused-ignore]
    from botocore import xform_name  # type: ignore[import-untyped,import-not-found,unused-ignore]

    session = botocore.session.get_session()
    answers: dict[str, list[bool]] = {}
    names: dict[str, list[bool]] = {}
    for service in session.get_available_services():
        model = session.get_service_model(service)
        for raw in model.operation_names:
            found = model.operation_model(raw)
            method = xform_name(raw)
            answers.setdefault(method, []).append(_reads(found))
            names.setdefault(method, []).append(_named_by_caller(found))
    reads = sorted(m for m, said in answers.items() if all(said) and verb_of(m) not in READ_VERBS and verb_of(m) not in WRITES) + sorted(
        READ_ANYWAY
    )
    again = sorted(m for m, said in names.items() if verb_of(m) in CREATES and not any(said))
    header = f"# Compiled from the service models of botocore {botocore.__version__}; see aws.py.\n"
    return header + "\n".join((_lines("reads", reads), _lines("writes", sorted(WRITE_ANYWAY)), _lines("again", again), NO_LIBRARY))


NO_LIBRARY = "[library]\nroots = []\n"
"""The table speaks for no import root: it is read by `operation` alone."""
READ_ANYWAY = {"invoke_model", "invoke_model_with_response_stream", "start_query", "start_live_tail"}
"""Operations that answer although their verb acts: inference, and queries over logs."""
WRITE_ANYWAY = {"generate_credential_report", "generate_organizations_access_report", "get_activity_task", "test_failover"}
"""Operations whose verb asks and which change something all the same; from the service documentation."""


def _reads(found: object) -> bool:
    model = getattr(found, "_operation_model", {})
    http = getattr(found, "http", {})
    return bool(model.get("readonly")) or http.get("method") in ("GET", "HEAD")


def _named_by_caller(found: object) -> bool:
    shape = getattr(found, "input_shape", None)
    if shape is None:
        return False
    return any(name.lower().endswith(("name", "id", "identifier", "bucket", "alias", "key")) for name in shape.required_members)


def _lines(name: str, words: list[str]) -> str:
    out, line = [], ""
    for word in words:
        if len(line) + len(word) > 130:
            out.append(line)
            line = ""
        line = f"{line} {word}".strip()
    out.append(line)
    return f"{name} = [\n" + "".join(f'  "{text}",\n' for text in out if text) + "]\n"


if __name__ == "__main__":
    sys.stdout.write(compile_table())
