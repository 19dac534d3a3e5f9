"""The operations of cloud clients, as the tools that are made of them need them."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolaudit import pipeline
from toolaudit.frameworks import client_operations
from toolaudit.frameworks.client_operations import service
from toolaudit.request import Request

NAMES = {
    "SendMessage": "send_message",
    "CreateDBCluster": "create_db_cluster",
    "ListObjectsV2": "list_objects_v2",
    "GetSMSAttributes": "get_sms_attributes",
}


@pytest.mark.parametrize("own", NAMES)
def test_methods_are_spelled_as_the_client_spells_them(own: str) -> None:
    assert client_operations.method_name(own) == NAMES[own]


def test_a_service_has_its_operations_and_what_they_require() -> None:
    queues = service("sqs")
    assert queues is not None
    assert {"send_message", "receive_message", "close", "get_paginator"} <= set(queues.methods)
    assert "publish" not in queues.methods
    assert queues.required("send_message") == ("MessageBody", "QueueUrl")
    assert queues.method_of["ListQueues"] == "list_queues"


def test_where_no_input_that_is_required_says_what_it_is_about_an_address_does() -> None:
    topics = service("sns")
    assert topics is not None
    assert topics.required("publish") == ("Message", "TopicArn", "TargetArn")
    assert topics.required("list_topics") == ()


def test_names_that_break_the_rule_stand_in_the_table() -> None:
    storage = service("ec2")
    assert storage is not None
    assert all(method == method.lower() for method in storage.methods)
    assert service("no-such-service") is None


def test_the_table_is_read_only_where_tools_are_made_of_a_client(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text(
        "import boto3\nfrom mcp.server.fastmcp import FastMCP\n\nmcp = FastMCP('x')\n\n\n"
        "def reader(name):\n    def read() -> str:\n        return open(name).read()\n\n    return read\n\n\n"
        "for name in ('a', 'b'):\n    mcp.tool(name=f'read_{name}')(reader(name))\n"
    )
    client_operations._text.cache_clear()
    client_operations.service.cache_clear()
    document = pipeline.scan(Request((tmp_path,), use_cache=False))
    assert sorted(tool.name for tool in document.tools) == ["read_a", "read_b"]
    assert client_operations._text.cache_info().misses == 0
