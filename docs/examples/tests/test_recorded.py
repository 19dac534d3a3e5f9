"""A recorded batch, run against the tools."""

import pytest

from fixed.notes import add_note
from fixed.world import fresh_world
from racy import notes
from racy import world as racy_world


def test_recorded_batch(toolaudit, tmp_path):
    toolaudit.replay("recorded.json", tools=[add_note], state=lambda: fresh_world(tmp_path), order="any")


def test_recorded_batch_of_the_racy_tool(toolaudit, tmp_path):
    with pytest.raises(AssertionError, match=r"shared-state mutation on file:notes\.json"):
        toolaudit.replay("recorded.json", tools={"add_note": notes.add_note}, state=lambda: racy_world.fresh_world(tmp_path))
