"""One row of a list, or the facts of one thing, in words."""

from collections.abc import Mapping

from tokenhouse.v1 import client_admin_pb2 as clients_pb
from tokenhouse.v1 import grant_admin_pb2 as grants_pb
from tokenhouse.v1 import key_admin_pb2 as keys_pb
from tokenhouse.v1 import user_admin_pb2 as users_pb

from facade import paths
from facade.console_acts import Act
from facade.pages.console.frame import Frame
from facade.pages.console.wording import ID, NAME, WORD, act_words, in_words, moment, source_of, trust_in
from facade.pages.untrusted import shown
from facade.texts.languages import current_texts

Row = Mapping[str, object]


def client_row(frame: Frame, client: clients_pb.Client) -> Row:
    """A client."""
    return {
        "url": frame.url(paths.CONSOLE_CLIENT, client_id=client.client_id),
        "name": shown(client.client_name, NAME) or shown(client.client_id, NAME),
        "client_id": shown(client.client_id, ID),
        "source": source_of(client),
        "trust": trust_in(client),
        "users": current_texts().number(client.users),
        "created": moment(client.created_at),
        "last_used": moment(client.last_used_at) if client.HasField("last_used_at") else None,
        "state": in_words("state", "blocked" if client.blocked else "in_use"),
    }


def user_row(frame: Frame, user: users_pb.User) -> Row:
    """A user."""
    return {
        "url": frame.url(paths.CONSOLE_USER, username=user.username),
        "username": shown(user.username, NAME),
        "groups": ", ".join(shown(group, WORD) for group in user.groups),
        "created": moment(user.created_at),
        "last_login": moment(user.last_login_at) if user.HasField("last_login_at") else None,
        "state": in_words("state", "disabled" if user.disabled else "in_use"),
    }


def grant_row(frame: Frame, grant: grants_pb.Grant) -> Row:
    """A grant."""
    state = in_words("state", grant.state)
    return {
        "url": frame.url(paths.CONSOLE_GRANT, grant_id=grant.grant_id),
        "grant_id": grant.grant_id,
        "client": shown(grant.client_name, NAME) or shown(grant.client_id, NAME),
        "client_url": frame.url(paths.CONSOLE_CLIENT, client_id=grant.client_id),
        "username": shown(grant.username, NAME),
        "user_url": frame.url(paths.CONSOLE_USER, username=grant.username) if grant.username else None,
        "scope": " ".join(shown(scope, WORD) for scope in grant.scope),
        "resources": [shown(resource, ID) for resource in grant.resources],
        "state": f"{state}: {in_words('reason', grant.revoke_reason)}" if grant.revoke_reason else state,
        "reason": in_words("reason", grant.revoke_reason),
        "generation": grant.generation,
        "refreshes": max(grant.generation - 1, 0),
        "live": grant.state in ("pending", "active"),
        "created": moment(grant.created_at),
        "refreshed": moment(grant.rotated_at) if grant.HasField("rotated_at") else None,
        "ends": moment(grant.expires_at),
        "revoked": moment(grant.revoked_at) if grant.HasField("revoked_at") else None,
    }


def key_row(frame: Frame, key: keys_pb.SigningKey) -> Row:
    """A signing key."""
    until = {"published": key.signs_by, "retired": key.verifies_until}.get(key.state)
    return {
        "key_id": shown(key.key_id, NAME),
        "state": in_words("key_state", key.state),
        "since": moment(key.state_since),
        "until": moment(until) if until else None,
        "until_what": in_words("key_until", key.state),
        "laggards": [verifier_name(each) for each in key.laggards],
    }


def verifier_name(verifier: keys_pb.ConnectedVerifier) -> str:
    """A connected verifier: its name where it has one, and where it is."""
    return shown(f"{verifier.name} {verifier.address}", ID)


def found(frame: Frame, path: str, containing: str, last: str) -> Row:
    """Beside a list that the operator may look for a name in: what was typed, and the way to what follows `last`."""
    return {
        "containing": shown(containing, NAME),
        "here_url": frame.url(path),
        "next_url": frame.url(path, after=last, containing=containing) if last else None,
    }


def act_link(frame: Frame, act: Act, target: str) -> Row:
    """The way to the page that asks once more."""
    return {
        "url": frame.url(paths.CONSOLE_ACT, act=act.name, target=target),
        "verb": act_words(act.name, "verb"),
        "ends": act.ends_something,
    }
