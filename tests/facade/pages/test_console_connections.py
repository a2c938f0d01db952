"""How the console words what the connection doctor has seen and found."""

from tokenhouse.v1 import connection_admin_pb2
from tokenhouse.v1.refusal_sentence_pb2 import RefusalSentence

from facade.pages.console.connections import finding_words, happening_words
from facade.texts.languages import choose_texts


def test_what_a_newer_core_sees_is_told_in_its_own_words() -> None:
    """An update of the core comes before that of the facade, or after it: a sentence that is not in the catalogue is
    shown as the core writes it, and so is one with a name more than the core has a value for."""
    event = connection_admin_pb2.ConnectionEvent(step="token", outcome="of_tomorrow", about="<i>", words="new: <i>")
    assert happening_words(event) == "<bdi>new: &lt;i&gt;</bdi>"
    for sentence in ("of_tomorrow", "resource_not_https"):
        finding = connection_admin_pb2.ConnectionFinding(sentence=sentence, words="A <b> of tomorrow.")
        assert finding_words(finding) == "<bdi>A &lt;b&gt; of tomorrow.</bdi>"


async def test_what_is_wrong_with_a_document_is_told_in_the_readers_language() -> None:
    """The core names the sentence and its values beside the English; what only a newer core says stays English."""
    choose_texts(["de"])
    known = RefusalSentence(sentence="host_status", values={"status": "<404>"})
    for why, told in (
        (known, "der Host antwortet mit dem Status <bdi>&lt;404&gt;</bdi>"),
        (RefusalSentence(sentence="of_tomorrow"), '<bdi class="breakable">its &lt;host&gt;</bdi>'),
    ):
        event = connection_admin_pb2.ConnectionEvent(
            step="document", outcome="client_document_refused", about="its <host>", why=why
        )
        finding = connection_admin_pb2.ConnectionFinding(sentence="document_refused", why=why)
        finding.values.add(name="why", value="its <host>")
        assert happening_words(event) == f"ihr Dokument ist nicht zu gebrauchen: {told}"
        assert finding_words(finding).startswith(f"Das Dokument der App ist nicht zu gebrauchen: {told}. ")
