"""Whether every language says everything, and whether everything that is said stands in the catalogues."""

import ast
import re
import string
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

import facade
from core.domain.connections.sentences import SENTENCES
from core.domain.connections.words import REFUSED, SEEN
from core.domain.grants.grant import RevokeReason
from facade.console_acts import ACTS
from facade.errors import ANSWERS
from facade.texts.catalogue import Catalogue, Entry, read_catalogue
from facade.texts.languages import CATALOGUES, ENGLISH

_FACADE = Path(facade.__file__).parent
_TEMPLATES = sorted((_FACADE / "templates").rglob("*.html"))
_MODULES = sorted((_FACADE / "pages").rglob("*.py")) + sorted((_FACADE / "endpoints").rglob("*.py"))
#: Attributes that are read out or shown.
_SPOKEN = {"alt", "title", "placeholder", "aria-label", "aria-description", "aria-roledescription", "label", "summary"}


def placeholders(entry: Entry) -> set[str]:
    """The names in braces, of every plural form."""
    forms = [entry] if isinstance(entry, str) else [*entry.values()]
    return {name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name is not None}


def test_every_end_of_a_grant_has_words() -> None:
    """The console says why a grant was ended, whatever the core knows."""
    assert {key for key in ENGLISH.entries if key.startswith("console.reason.")} == {
        f"console.reason.{reason}" for reason in RevokeReason
    }


def test_the_connection_doctors_sentences_are_those_of_the_core() -> None:
    """The console says in each language what the core says in English, to the letter, to the CLI and to programs."""
    seen = {f"console.seen.{step}_{outcome}": words for (step, outcome), words in SEEN.items()}
    refused = {f"console.refused.{outcome}": words for outcome, words in REFUSED.items()}
    findings = {f"console.finding.{sentence}": words for sentence, words in SENTENCES.items()}
    families = ("console.seen.", "console.refused.", "console.finding.")

    assert {key: entry for key, entry in ENGLISH.entries.items() if key.startswith(families)} == (
        seen | refused | findings
    )


@pytest.mark.parametrize("catalogue", CATALOGUES.values(), ids=CATALOGUES)
def test_every_language_has_the_same_texts(catalogue: Catalogue) -> None:
    """A key or a placeholder that is missing, or one too many, is a page that cannot be shown or says less."""
    assert set(catalogue.entries) == set(ENGLISH.entries)
    assert {key: placeholders(entry) for key, entry in catalogue.entries.items()} == {
        key: placeholders(entry) for key, entry in ENGLISH.entries.items()
    }


@pytest.mark.parametrize("catalogue", CATALOGUES.values(), ids=CATALOGUES)
def test_every_text_says_something_in_every_form_of_a_number(catalogue: Catalogue) -> None:
    """CLDR: a language has plural forms of its own; a text that depends on a number has exactly those."""
    forms = catalogue.locale.plural_form.tags | {"other"}
    for key, entry in catalogue.entries.items():
        assert isinstance(entry, str) or entry.keys() == forms, key
        assert all(form.strip() == form != "" for form in ([entry] if isinstance(entry, str) else entry.values())), key


def test_the_same_text_in_two_languages_is_a_name() -> None:
    """What was copied and never translated is still English."""
    untranslated = {key for key, entry in CATALOGUES["de"].entries.items() if entry == ENGLISH.entries[key]}

    assert untranslated == set()


def _trees() -> Iterator[tuple[Path, nodes.Template]]:
    environment = Environment(autoescape=True)
    for path in _TEMPLATES:
        yield path, environment.parse(path.read_text())


class _Words(HTMLParser):
    """What of a template's own text a reader gets to see or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in _SPOKEN and value]

    def handle_data(self, data: str) -> None:
        self.found.append(data)


@pytest.mark.parametrize(("path", "tree"), [*_trees()], ids=[path.stem for path in _TEMPLATES])
def test_no_template_holds_a_text_of_its_own(path: Path, tree: nodes.Template) -> None:
    """Between the tags, and in attributes that are read out, there are punctuation and catalogue texts alone."""
    words = _Words()
    # An expression leaves a mark: in an attribute it would otherwise join what stands around it.
    words.feed("·".join(data.data for data in tree.find_all(nodes.TemplateData)))
    outputs = [node for output in tree.find_all(nodes.Output) for node in output.nodes]
    said = [const.value for node in outputs for const in node.find_all(nodes.Const)] + [
        node.value for node in outputs if isinstance(node, nodes.Const)
    ]
    asked = {
        call.args[0].value
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name)
        and call.node.name in ("t", "asset_url")
        and isinstance(call.args[0], nodes.Const)
    }

    assert [found for found in words.found if re.search(r"[^\W\d_]", found)] == []
    assert [value for value in said if isinstance(value, str) and value not in asked] == []
    assert path.read_text().count("\n") > 5


@pytest.mark.parametrize("path", _MODULES, ids=[f"{path.parent.name}/{path.stem}" for path in _MODULES])
def test_no_page_holds_a_sentence_of_its_own(path: Path) -> None:
    """Sentences in the modules are for developers: docstrings, and the descriptions of refusals (RFC 6749 §5.2)."""
    tree = ast.parse(path.read_text())
    for_developers = {
        id(constant)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        or (isinstance(node, ast.Call) and getattr(node.func, "id", "") in _FOR_DEVELOPERS)
        for constant in ast.walk(node)
    }
    sentences = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in for_developers
    ]

    assert [sentence for sentence in sentences if re.match(r"[A-Z][a-z]+ |.*[a-z] .*[.:!?]\s*$", sentence)] == []


#: Words for what the core has a name for; what is missing here is shown as the core calls it.
_OF_A_FAMILY = re.compile(
    r"console\.(way|figure|source|trust|state|reason|key_state|key_until|attempt|fault|grant_type|period|chart|share|outcome|audit_act|audit_result|actor|filter|seen|refused|finding|refusal|limit)\."
    r"|error_here\.|scope\.|detail\."
)
_FOR_DEVELOPERS = ("Refusal", "RuntimeError", "ValueError")


def test_every_text_is_used_and_every_key_is_there() -> None:
    """A key that nobody asks for is a translator's work for nothing; one that is missing would be an incident."""
    asked = {f"error.{answer.words}.{part}" for answer in ANSWERS.values() for part in ("title", "advice")}
    for _, tree in _trees():
        asked |= {
            call.args[0].value
            for call in tree.find_all(nodes.Call)
            if isinstance(call.node, nodes.Name) and call.node.name == "t"
            if isinstance(call.args[0], nodes.Const)
        }
    asked |= {f"console.act.{act}.{part}" for act in ACTS for part in ("verb", "consequence", "done")}
    missing = {key for key in asked if not key.endswith(".")} - set(ENGLISH.entries)
    constants = {
        node.value
        for path in _FACADE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    of_errors = re.compile(rf"error\.({'|'.join({answer.words for answer in ANSWERS.values()})})\.(operator|tools\..+)")

    assert missing == set()
    assert {
        key
        for key in ENGLISH.entries
        if key not in asked | constants and not of_errors.fullmatch(key) and not _OF_A_FAMILY.match(key)
    } == set()


def test_a_value_is_text_and_markup_stays_markup() -> None:
    """What a client chose is escaped wherever a sentence has it, and takes no other placeholder's value."""
    catalogue = Catalogue(
        "en", {"hello": "<{name}> & {other}", "apps": {"one": "{count} app", "other": "{count} apps"}}
    )

    assert catalogue.text("hello", name="<b>{other}", other="x") == "&lt;&lt;b&gt;{other}&gt; &amp; x"
    assert [catalogue.text("apps", count=count) for count in (0, 1, 2)] == ["0 apps", "1 app", "2 apps"]
    with pytest.raises(KeyError):
        catalogue.text("hello", name="x")


@pytest.mark.parametrize(
    ("language", "seconds", "words"),
    [
        ("en", 1, "1 second"), ("en", 59, "59 seconds"), ("en", 60, "1 minute"), ("en", 61, "2 minutes"),
        ("en", 3600, "1 hour"), ("en", 3601, "2 hours"), ("de", 1, "1 Sekunde"), ("de", 61, "2 Minuten"),
    ],
)  # fmt: skip
def test_waiting_times_are_rounded_up(language: str, seconds: int, words: str) -> None:
    """Nobody is told to come back too early."""
    assert CATALOGUES[language].duration(seconds) == words


def test_a_moment_is_written_as_the_language_has_it() -> None:
    """CLDR's medium date and short time; whose time it is stands beside it."""
    assert CATALOGUES["de"].moment(1_000_000_000) == "09.09.2001, 01:46 UTC"
    assert re.fullmatch(r"Sep 9, 2001, 1:46\sAM UTC", CATALOGUES["en"].moment(1_000_000_000))


@pytest.mark.parametrize(("language", "many"), [("en", "203,000"), ("de", "203.000")])
def test_the_digits_of_a_number_are_grouped_as_the_language_has_it(language: str, many: str) -> None:
    """CLDR's decimal form; what nobody groups stays as it is."""
    catalogue = CATALOGUES[language]

    assert (catalogue.number(203_000), catalogue.number(999), catalogue.number(0)) == (many, "999", "0")
    assert catalogue.text("account.installs", count=203_000).startswith(f"{many} ")


def test_a_file_with_anything_but_texts_is_refused(tmp_path: Path) -> None:
    """A number or a list is no text: the name of the key says where."""
    (tmp_path / "en.toml").write_text("[login]\ntitle = 3\n")

    with pytest.raises(ValueError, match=r"login\.title is no text"):
        read_catalogue(tmp_path / "en.toml")
