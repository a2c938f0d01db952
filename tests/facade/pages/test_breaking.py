"""Where ids, addresses, codes and the names of settings may go on in the next line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from facade.pages.breaking import breakable


@pytest.mark.parametrize(
    "broken",
    [
        "127.0.0.1",
        "255.255.255.255/32",
        "2001:|db8:|1234:|5678::/|64",
        "Limits.|Login|Failures|Per|Network",
        "Server.|OAuth|Allowed|Redirect|URI",
        "REDIRECT_|URI_|NOT_|REGISTERED",
        "https://|app.|example.|com/|callback",
        "http://|127.0.0.1:|7777/|callback?|state=|1",
        "client_|HPZJLM4g|ItKmd6hx|wZm35Ope|rhD4Cgvq",
        "de876cf0|0398521b|29916457|7575e821",
        "a word, then Limits.|Device|Authorizations",
    ],
)
def test_a_line_ends_where_a_reader_would_stop(broken: str) -> None:
    """HTML §4.5.27: after what parts a name, between the words of a setting, else in pieces of eight; never in an
    address, and never in what is short."""
    assert breakable(broken.replace("|", "")).removeprefix('<bdi class="breakable">').removesuffix(
        "</bdi>"
    ) == broken.replace("|", "<wbr>").replace("&", "&amp;")


@given(st.text(max_size=200))
def test_nothing_is_added_but_places(text: str) -> None:
    """What is copied from the page is the text to the letter, nothing of it is an element, and no piece is long."""
    inside = breakable(text)[len('<bdi class="breakable">') : -len("</bdi>")]

    assert Markup(inside.replace("<wbr>", "")).unescape() == Markup(Markup.escape(text)).unescape()
    assert "<" not in inside.replace("<wbr>", "")
    assert all(len(Markup(piece).unescape()) <= 18 for piece in re.split(r"<wbr>|\s", inside))
