"""Request and reply over one shared connection: the replies go to whoever reads first. Depth 1."""

import socket

HERE, THERE = socket.socketpair()


def state():
    global HERE, THERE
    HERE.close()
    THERE.close()
    HERE, THERE = socket.socketpair()


def ask(question):
    WIRE.send(question)
    return WIRE.receive()


class Wire:
    """A client as libraries have it: what was sent is answered in order."""

    def __init__(self):
        self.replies = []

    def send(self, text):
        HERE.sendall(text.encode().ljust(16))
        self.replies.append("re: " + THERE.recv(16).decode().strip())

    def receive(self):
        return self.replies.pop()


WIRE = Wire()
EXPECTED = "racy"
RESOURCES = {"memory:self:replies"}
CALLS = [(ask, "a"), (ask, "b")]
