"""Hypothesis draws batches of tools and their arguments."""

from hypothesis import HealthCheck, settings
from pytest_toolaudit import toolaudit_batches

COUNTS = {}


def read(key: str):
    return COUNTS.get(key)


def put(key: str):
    COUNTS[key] = 1


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@toolaudit_batches([read, put], max_calls=3, order="any")
def test_any_batch(batch):
    """Each batch was checked before the body runs."""
    assert 2 <= len(batch) <= 3
