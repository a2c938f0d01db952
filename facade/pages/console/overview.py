"""The first page of the console."""

from sanic import HTTPResponse
from tokenhouse.v1.console_pb2 import LookResponse

from facade import paths
from facade.pages.console.frame import Frame
from facade.pages.console.rows import grant_row
from facade.pages.console.wording import NAME, in_words
from facade.pages.untrusted import shown
from facade.texts.languages import current_texts


def overview_page(frame: Frame, answers: list[LookResponse]) -> HTTPResponse:
    """How much there is, what wants attention, and the newest connections."""
    seen, newest = answers[0].get_overview, answers[1].list_grants
    figures = [
        (seen.live_grants, "live_grants", frame.url(paths.CONSOLE_GRANTS)),
        (seen.clients, "clients", frame.url(paths.CONSOLE_CLIENTS)),
        (seen.users, "users", frame.url(paths.CONSOLE_USERS)),
        (seen.live_sessions, "live_sessions", None),
        (seen.connected_verifiers, "connected_verifiers", frame.url(paths.CONSOLE_KEYS)),
    ]
    values = {
        "figures": [(current_texts().number(number), in_words("figure", name), url) for number, name, url in figures],
        "blocked_clients": seen.blocked_clients,
        "disabled_users": seen.disabled_users,
        "signing_key_id": shown(seen.signing_key_id, NAME),
        "clock_unconfirmed": seen.clock_unconfirmed,
        "grants": [grant_row(frame, grant) for grant in newest.grants],
    }
    return frame.render("overview.html", values, here=paths.CONSOLE)
