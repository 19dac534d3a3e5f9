"""A producer and a consumer with a Condition that was made at import."""

import threading

BOX = []
READY = threading.Condition()


def produce(item):
    with READY:
        BOX.append(item)
        READY.notify()
    return "ok"


def consume():
    with READY:
        while not BOX:
            READY.wait(1.0)
        return BOX.pop(0)


CALLS = [(produce, "x"), (consume,)]
