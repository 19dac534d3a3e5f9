"""A client that is made at first use, without a lock. Depth 1."""

CLIENT = None
MADE = []


class Client:
    def __init__(self):
        MADE.append(1)
        self.log = []


def get_client():
    global CLIENT
    if CLIENT is None:
        CLIENT = Client()
    return CLIENT


def post(message):
    client = get_client()
    client.log.append(message)
    return len(message)


EXPECTED = "racy"
RESOURCES = {"memory:CLIENT"}
CALLS = [(post, "x"), (post, "y")]
