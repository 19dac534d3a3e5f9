"""Double-checked under a lock."""

import threading

CLIENT = None
MADE = []
LOCK = threading.Lock()


class Client:
    def __init__(self):
        MADE.append(1)
        self.log = set()


def get_client():
    global CLIENT
    if CLIENT is None:
        with LOCK:
            if CLIENT is None:
                CLIENT = Client()
    return CLIENT


def post(message):
    client = get_client()
    client.log.add(message)
    return len(message)


CALLS = [(post, "x"), (post, "y")]
