"""A client that functools.cache keeps: two callers that find none both make one. Depth 1."""

import functools

MADE = []


@functools.cache
def get_client(region):
    """Kept as soon as it has been made, not as soon as it is asked for."""
    MADE.append(region)
    return {"region": region, "number": len(MADE)}


def post(message):
    return get_client("eu")["number"], len(message)


EXPECTED = "racy"
RESOURCES = {"memory:get_client"}
CALLS = [(post, "x"), (post, "y")]
