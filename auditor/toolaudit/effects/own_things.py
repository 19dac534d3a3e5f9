"""What clients have of their own: opening, using or asking for it changes nothing that anybody else sees."""

from __future__ import annotations

SECRETS = {"token", "secret", "credential", "password", "key"}
"""What a program asks with, and nobody's state: `context.get_auth_token()`."""
HANDLES_THINGS = frozenset({"open", "close", "use", "begin", "acquire", "bind", "connect", "disconnect", "enter", "shutdown", "ensure"})
"""Quiet verbs, unless what they are done to is none of the client's own things: `client.open_door()` is not `client.open_session()`."""
OWN_THINGS = frozenset({
    "connection", "client", "session", "cursor", "transaction", "channel", "socket", "stream", "pool", "loop", "page", "browser", "context", "server",
    "ready", "available", "installed", "connected", "open", "initialized", "loaded", "authenticated", "auth", "login", "token", "lock", "file",
    "timeout", "scope", "driver", "engine", "transport", "db", "database", "dir", "directory", "path", "model", "config", "logger", "log",
}) | SECRETS  # fmt: skip
