"""Operations of AWS clients, asked as the walk asks: the name of a method, what it does."""

from __future__ import annotations

import pytest

from toolaudit.catalogue import aws, lookup

OPERATIONS = {
    "list_buckets": ("r", "list", "unknown"),
    "describe_instances": ("r", "list", "unknown"),
    "get_object": ("r", "read", "unknown"),
    "head_object": ("r", "check", "unknown"),
    "batch_get_item": ("r", "read", "unknown"),
    "admin_get_user": ("r", "read", "unknown"),
    "invoke_model": ("r", "read", "unknown"),
    "start_query": ("r", "read", "unknown"),
    "put_item": ("w", "write", "same"),
    "delete_user": ("w", "delete", "error"),
    "admin_delete_user": ("w", "delete", "error"),
    "create_role": ("w", "create", "error"),
    "create_access_key": ("w", "create", "again"),
    "attach_role_policy": ("w", "update", "same"),
    "publish": ("w", "send", "again"),
    "receive_message": ("rw", "consume", "again"),
    "execute_statement": ("rw", "opaque", "unknown"),
    "generate_credential_report": ("w", "update", "unknown"),
}


@pytest.mark.parametrize("method", OPERATIONS)
def test_operation(method: str) -> None:
    effect = aws.describe(method)
    assert (effect.mode, effect.op, effect.repeat) == OPERATIONS[method]


def test_client_methods_are_looked_up_in_the_table() -> None:
    api = lookup.load().method("boto3.Client", "delete_bucket")
    assert api is not None
    assert [effect.op for effect in api.effects] == ["delete"]
    assert api.blocking


def test_transfers_touch_both_ends() -> None:
    api = aws.operation("boto3.Client", "download_file")
    assert api is not None
    assert [(effect.kind, effect.mode) for effect in api.effects] == [("", "r"), ("file", "w")]


def test_a_paginator_is_no_request() -> None:
    api = aws.operation("boto3.Client", "get_paginator")
    assert api is not None and api.pure


def test_private_names_are_no_operations() -> None:
    assert aws.operation("boto3.Client", "__enter__") is None
