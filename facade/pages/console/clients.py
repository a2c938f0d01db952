"""Clients: the list, and one of them."""

from collections.abc import Callable

from sanic import HTTPResponse
from tokenhouse.v1.console_pb2 import LookResponse

from facade import paths
from facade.console_acts import BLOCK_CLIENT, DELETE_CLIENT, REVOKE_CLIENT_TOKENS, UNBLOCK_CLIENT
from facade.pages.console.frame import Frame
from facade.pages.console.rows import act_link, client_row, found, grant_row
from facade.pages.console.wording import ID, WORD, moment
from facade.pages.untrusted import shown
from facade.texts.languages import current_texts


def clients_page_of(containing: str) -> Callable[[Frame, list[LookResponse]], HTTPResponse]:
    """A page of clients; of those alone whose names hold `containing`, unless it is empty."""

    def show(frame: Frame, answers: list[LookResponse]) -> HTTPResponse:
        page = answers[0].list_clients
        last = page.clients[-1].client_id if page.has_more and page.clients else ""
        rows = [client_row(frame, client) for client in page.clients]
        values = {"clients": rows, **found(frame, paths.CONSOLE_CLIENTS, containing, last)}
        return frame.render("clients.html", values, here=paths.CONSOLE_CLIENTS)

    return show


def client_page(frame: Frame, answers: list[LookResponse]) -> HTTPResponse:
    """One client: what it is, who uses it, and what can be done."""
    client, grants = answers[0].get_client.client, answers[1].list_grants
    acts = [REVOKE_CLIENT_TOKENS, UNBLOCK_CLIENT if client.blocked else BLOCK_CLIENT, DELETE_CLIENT]
    values = {
        "client": client_row(frame, client),
        "redirect_uris": [shown(uri, ID) for uri in client.redirect_uris],
        "grant_types": [_grant_type(each) for each in client.grant_types],
        "scope": " ".join(shown(scope, WORD) for scope in client.scope),
        "resources": [shown(resource, ID) for resource in client.resources],
        "secrets": [(secret.secret_id, moment(secret.created_at)) for secret in client.secrets],
        "metadata": shown(client.metadata, 4000),
        "acts": [act_link(frame, act, client.client_id) for act in acts],
        "grants": [grant_row(frame, grant) for grant in grants.grants],
        "audit_url": frame.url(paths.CONSOLE_AUDIT, client_id=client.client_id),
        "attempts_url": frame.url(paths.CONSOLE_CONNECTIONS, client_id=client.client_id),
        "all_grants_url": frame.url(paths.CONSOLE_GRANTS, client_id=client.client_id, ended="1"),
    }
    return frame.render("client.html", values, here=paths.CONSOLE_CLIENTS)


def _grant_type(grant_type: str) -> str:
    """What it is for, and its registered name (RFC 7591 §2), of which a URN's last word is the one that tells."""
    words = current_texts().find(f"console.grant_type.{grant_type.rpartition(':')[2]}")
    return f"{words} ({shown(grant_type, WORD)})" if words else shown(grant_type, WORD)
