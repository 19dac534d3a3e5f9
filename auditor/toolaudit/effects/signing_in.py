"""A program that signs in with its own credentials, on the way to what a tool is for."""

from __future__ import annotations

import re

from msgspec.structs import replace

from toolaudit.effects.frame import Effect
from toolaudit.effects.purposes import given
from toolaudit.effects.requested import SIGNS_IN
from toolaudit.effects.upkeep import helpers
from toolaudit.model import UnknownCall

_SIGNS_IN = re.compile(
    r"(^|_)(auth|oauth2?|authenticate|authorize|creds|credentials?|access_token|refresh_token|login|log(ged)?_in|sign(ed)?_?in)(_|$)|"
    r"(^|_)(get|load|save|store|refresh|fetch|ensure|read|write|cache|persist|renew)_tokens?(_|$)"
)
_CREDENTIALS = re.compile(r"(Credentials?|OAuth2?|Auth|Tokens?)(Store|Storage|Manager|Provider|Source|Helper|Handler|Refresher|Session)?$")

_FOR_OTHERS = re.compile(
    r"(^|_)(request|call|fetch|send|get|post|put|patch|delete|head|query|graphql|api)(_(json|api|raw|async|with_retry|with_auth))?$"
)
_OF_CREDENTIALS = re.compile(r"token|log_?in|refresh|credential|sign_?in|oauth|(^|_)auth(_|$)")


def signs_in(effect: Effect, tool: str) -> bool:
    """Part of getting, keeping or renewing the program's own credentials, on the way to what the tool is for."""
    entry = [tool, *(place.function.rsplit(".", 1)[-1] for place in effect.chain[:2])]
    by_name = any(_SIGNS_IN.search(name) for name in helpers(effect, tool))
    methods = [place.function.rpartition(".") for place in effect.chain[2:]]
    by_owner = any(_CREDENTIALS.search(owner) and not _sends_for_others(name) for owner, _, name in methods)
    by_fields = effect.note == SIGNS_IN and not given(effect)
    return (by_name or by_owner or by_fields) and not any(_SIGNS_IN.search(name) for name in entry)


def unknown_but_signing_in(call: UnknownCall, tool: str) -> UnknownCall:
    """A call that could not be followed, taken for one that changes nothing where a helper makes it that signs in."""
    names = [place.function.rsplit(".", 1)[-1] for place in call.chain]
    below = any(_SIGNS_IN.search(name) for name in names[2:]) and not any(_SIGNS_IN.search(name) for name in (tool, *names[:2]))
    return replace(call, consequence="ignored") if below else call


def _sends_for_others(name: str) -> bool:
    """A method of who holds the credentials that sends what tools ask: `auth_manager.make_request("POST", path)`."""
    return _FOR_OTHERS.search(name) is not None and not _OF_CREDENTIALS.search(name)
