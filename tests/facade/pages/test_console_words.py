"""What operators read at the console, in the language that their browser wishes for."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sanic import HTTPResponse
from tokenhouse.v1 import audit_admin_pb2 as audit_pb
from tokenhouse.v1 import connection_admin_pb2 as connections_pb
from tokenhouse.v1.console_pb2 import LookResponse

from facade.branding import OURS
from facade.cookies import Cookies, new_browser
from facade.core_client import CoreClient
from facade.discovery import Discovery
from facade.facade import Facade
from facade.metrics.core_call_metrics import CoreCallMetrics
from facade.pages.console.audit import audit_row
from facade.pages.console.charts import in_milliseconds
from facade.pages.console.clients import client_page
from facade.pages.console.connections import connections_page
from facade.pages.console.frame import Frame
from facade.pages.rendering import Pages
from facade.settings import Settings, parse_address
from facade.texts.languages import choose_texts
from tests.facade.road import words_of


@pytest.fixture
async def frame(tmp_path: Path) -> Frame:
    """Around pages in German; the core behind them is not asked."""
    choose_texts(["de"])
    address = parse_address("https://auth.example.com")
    settings = Settings(address, (), str(tmp_path / "core.sock"))
    core = CoreClient(settings.core_socket, CoreCallMetrics(CollectorRegistry()))
    facade = Facade(settings, core, Discovery(core), Cookies(https=True), Pages(address, OURS))
    return Frame(facade, new_browser(), "session", "ada")


def _seen(page: HTTPResponse) -> str:
    assert page.body is not None
    return words_of(page.body.decode())


async def test_a_record_tells_whom_it_concerns_in_the_readers_language(frame: Frame) -> None:
    """README, The audit trail: whose tries came back, and what a restore ended, stand in it as a word and a number of
    the core's; what else it concerns is shown as it is."""
    limits = audit_pb.AuditRecord(act=audit_pb.AUDIT_ACT_LIMIT_CLEAR, target="all")
    network = audit_pb.AuditRecord(act=audit_pb.AUDIT_ACT_LIMIT_CLEAR, target="192.0.2.1")
    restore = audit_pb.AuditRecord(
        act=audit_pb.AUDIT_ACT_RESTORE, target="as of 2026-01-02T03:04:05Z, grants ended: 3, /srv/a, b.db"
    )
    kept = audit_pb.AuditRecord(act=audit_pb.AUDIT_ACT_RESTORE, target="grants kept, /srv/grants kept, b.db")
    other = audit_pb.AuditRecord(act=audit_pb.AUDIT_ACT_USER_DISABLE, target="all")

    about = [audit_row(frame, record)["about"] for record in (limits, network, restore, kept, other)]
    assert about == [
        ["alle Versuche von allen"],
        ["192.0.2.1"],
        ["2026-01-02T03:04:05Z", "3 Zugriffe wurden beendet.", "/srv/a, b.db"],
        ["/srv/grants kept, b.db"],
        ["all"],
    ]


async def test_a_refused_act_is_no_failed_login(frame: Frame) -> None:
    """A word that names a refusal and what became of a login, too, says of a refusal what it is."""
    record = audit_pb.AuditRecord(
        act=audit_pb.AUDIT_ACT_CLIENT_REVOKE, result=audit_pb.AUDIT_RESULT_REFUSED, reason="not_found"
    )

    assert audit_row(frame, record)["reason"] == "das gibt es nicht"


async def test_a_fault_is_named_in_the_readers_language(frame: Frame) -> None:
    """Its code, by which README tells more of it, stands beside that; of one that is new, the code alone."""
    answer = LookResponse()
    for code in ("CODE_USED_TWICE", "OF_TOMORROW"):
        answer.list_connection_attempts.findings.append(connections_pb.ConnectionFinding(code=code, words="It is."))
    seen = _seen(connections_page(frame, [answer]))

    assert "Der Code wurde zweimal benutzt. It is. CODE_USED_TWICE" in seen
    assert "OF_TOMORROW It is." in seen


async def test_grant_types_are_told_beside_their_names(frame: Frame) -> None:
    """RFC 7591 §2, RFC 8628 §3.4: what an app may do by each is in words, and what is registered as it is."""
    answer = LookResponse()
    device_code = "urn:ietf:params:oauth:grant-type:device_code"
    answer.get_client.client.grant_types.extend([device_code, "refresh_token", "of_tomorrow"])
    seen = _seen(client_page(frame, [answer, LookResponse()]))

    assert f"auf einem Gerät ohne Browser ({device_code})" in seen
    assert "durch Erneuern (refresh_token)" in seen
    assert "of_tomorrow" in seen


@pytest.mark.parametrize(("language", "words"), [("en", "2.5\u202fms"), ("de", "2,5\u202fms")])
async def test_a_duration_has_the_languages_decimal_sign(language: str, words: str) -> None:
    """ISO 80000-1 leaves it to the language, where thousands stand apart by a thin space in all of them."""
    choose_texts([language])

    assert (in_milliseconds(2.5), in_milliseconds(10)) == (words, "10\u202fms")
