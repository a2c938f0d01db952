"""One row of a list, or the facts of one thing, in words."""

from collections.abc import Mapping

from tokenhouse.v1 import client_admin_pb2 as clients_pb
from tokenhouse.v1 import grant_admin_pb2 as grants_pb
from tokenhouse.v1 import user_admin_pb2 as users_pb

from facade import paths
from facade.pages.console.frame import Frame
from facade.pages.console.wording import ID, NAME, moment, source_of, trust_in
from facade.pages.untrusted import shown

Row = Mapping[str, object]

#: What operators are told of a grant's states; the others are as they are called.
_STATES = {"pending": "consented", "active": "connected", "dead": "never used"}


def client_row(frame: Frame, client: clients_pb.Client) -> Row:
    """A client."""
    return {
        "url": frame.url(paths.CONSOLE_CLIENT, client_id=client.client_id),
        "name": shown(client.client_name, NAME) or shown(client.client_id, NAME),
        "client_id": shown(client.client_id, ID),
        "source": source_of(client),
        "trust": trust_in(client),
        "users": client.users,
        "created": moment(client.created_at),
        "last_used": moment(client.last_used_at) if client.HasField("last_used_at") else None,
        "blocked": client.blocked,
    }


def user_row(frame: Frame, user: users_pb.User) -> Row:
    """A user."""
    return {
        "url": frame.url(paths.CONSOLE_USER, username=user.username),
        "username": shown(user.username, NAME),
        "groups": [shown(group, 128) for group in user.groups],
        "created": moment(user.created_at),
        "last_login": moment(user.last_login_at) if user.HasField("last_login_at") else None,
        "disabled": user.disabled,
    }


def grant_row(frame: Frame, grant: grants_pb.Grant) -> Row:
    """A grant."""
    return {
        "url": frame.url(paths.CONSOLE_GRANT, grant_id=grant.grant_id),
        "grant_id": grant.grant_id,
        "client": shown(grant.client_name, NAME) or shown(grant.client_id, NAME),
        "client_url": frame.url(paths.CONSOLE_CLIENT, client_id=grant.client_id),
        "username": shown(grant.username, NAME),
        "user_url": frame.url(paths.CONSOLE_USER, username=grant.username) if grant.username else None,
        "scope": [shown(scope, 128) for scope in grant.scope],
        "resources": [shown(resource, ID) for resource in grant.resources],
        "state": _STATES.get(grant.state, grant.state),
        "reason": grant.revoke_reason.replace("_", " "),
        "generation": grant.generation,
        "refreshes": max(grant.generation - 1, 0),
        "live": grant.state in ("pending", "active"),
        "created": moment(grant.created_at),
        "refreshed": moment(grant.rotated_at) if grant.HasField("rotated_at") else None,
        "ends": moment(grant.expires_at),
        "revoked": moment(grant.revoked_at) if grant.HasField("revoked_at") else None,
    }
