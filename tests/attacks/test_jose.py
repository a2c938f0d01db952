"""Forged access tokens: algorithm × kid × signature × header, wherever a token is read, before and after a restart.

tests/domain/tokens/test_forged_tokens.py has what is wrong in one way, and what our own signature does not make right.
"""

from collections.abc import Mapping

import pytest

from core.domain.clients.authentication import ClientCredentials
from tests.attacks.combinations import WHEN
from tests.attacks.forgeries import ALGORITHMS, EXTRAS, KIDS, SIGNATURES, Forgery, list_forgeries
from tests.domain.house import House
from tests.domain.road import connect, validate

_READERS = ("validation", "revocation")

Taken = Mapping[tuple[str, str], list[Forgery]]


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    """Which forgeries were taken for tokens, by who read them and when."""
    house = House(tmp_path_factory.mktemp("forged") / "database")
    connection = connect(house)
    good = connection.tokens.access_token
    credentials = ClientCredentials(connection.client.client_id, None, "none")
    forgeries = list(list_forgeries(house, good))
    assert len(forgeries) == len(ALGORITHMS) * len(KIDS) * len(SIGNATURES) * len(EXTRAS)
    found: dict[tuple[str, str], list[Forgery]] = {}
    for when in WHEN:
        if when:
            house.restart()
        found["validation", when] = [each for each in forgeries if validate(house, each.token) is not None]
        found["revocation", when] = [each for each in forgeries if house.revocation.revoke(each.token, credentials)]
        # And neither has ended anything, nor made the good one a stranger.
        assert validate(house, good) is not None
    assert house.revocation.revoke(good, credentials)
    house.close()
    return found


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("reader", _READERS)
def test_no_forgery_is_taken_for_a_token(taken: Taken, reader: str, when: str) -> None:
    """RFC 8725 §3.1, §3.10, CVE-2022-29217, CVE-2026-28802, CVE-2026-27962, CVE-2026-48523: one key, one algorithm,
    from our record; no header brings another, and no other reader of tokens is more lenient."""
    assert [(each.algorithm, each.kid, each.signature, each.extra) for each in taken[reader, when]] == []
