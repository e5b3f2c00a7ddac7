"""Keeps a run from locking itself out: it never changes or deletes the account
and the token that it works with."""

import schemathesis

OWN = {
    "/users/{id}",
    "/tokens/{id}",
    "/users/{id}/relationships/roles",
    "/roles/{id}/relationships/users",
}
FIRST = "1"


@schemathesis.hook
def filter_case(context, case):
    if case.method.upper() in ("GET", "HEAD") or case.path not in OWN:
        return True
    return str((case.path_parameters or {}).get("id")) != FIRST


@schemathesis.hook
def before_call(context, case, kwargs):
    """Cases of the examples and coverage phases pass no filter: let them ask for nobody."""
    if not filter_case(context, case):
        case.path_parameters["id"] = "999999999"
