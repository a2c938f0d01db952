"""How the console words what the connection doctor has seen and found."""

from tokenhouse.v1 import connection_admin_pb2

from facade.pages.console.connections import finding_words, happening_words


def test_what_a_newer_core_sees_is_told_in_its_own_words() -> None:
    """An update of the core comes before that of the facade, or after it: a sentence that is not in the catalogue is
    shown as the core writes it, and so is one with a name more than the core has a value for."""
    event = connection_admin_pb2.ConnectionEvent(step="token", outcome="of_tomorrow", about="<i>", words="new: <i>")
    assert happening_words(event) == "<bdi>new: &lt;i&gt;</bdi>"
    for sentence in ("of_tomorrow", "resource_not_https"):
        finding = connection_admin_pb2.ConnectionFinding(sentence=sentence, words="A <b> of tomorrow.")
        assert finding_words(finding) == "<bdi>A &lt;b&gt; of tomorrow.</bdi>"
