"""Each call sets the variable for itself alone."""

from contextvars import ContextVar

TENANT = ContextVar("tenant", default=None)


def act_as(tenant):
    token = TENANT.set(tenant)
    try:
        return TENANT.get()
    finally:
        TENANT.reset(token)


CALLS = [(act_as, "acme"), (act_as, "zeta")]
