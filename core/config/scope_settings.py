"""The part of the table of settings that says of a scope in other languages what `Scope` says in one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from core.config.refusal import Everything, find_repeated, refusal
from core.config.setting import Setting, plain
from core.config.values import parse_scope_name
from core.domain.policy import Scope

#: RFC 5646: a language, and what else its tag says.
_ENTRY = re.compile(r"(\S+)\s+([A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*):\s+(\S.*)")


@dataclass(frozen=True, slots=True)
class ScopeTranslation:
    """What one scope lets an app do, in one language, whose tag is in small letters."""

    scope: str
    language: str
    description: str


def _parse(text: str) -> ScopeTranslation:
    match = _ENTRY.fullmatch(text)
    if match is None or len(match[3]) > 200:
        raise ValueError("`scope language: what the pages say`, such as `mcp de: …`, in at most 200 characters")
    return ScopeTranslation(parse_scope_name(match[1]), match[2].lower(), match[3])


def _show(translation: ScopeTranslation) -> str:
    return f"{translation.scope} {translation.language}: {translation.description}"


SCOPE_TRANSLATION: Final = Setting(
    "OAuth",
    "ScopeTranslation",
    plain(_parse),
    (),
    "`scope language: words`: what the pages say of a Scope in another language of theirs",
    show=_show,
    default_words="none",
    repeatable=True,
    reloadable=True,
)


def translated(scopes: Sequence[Scope], translations: Sequence[ScopeTranslation]) -> tuple[Scope, ...]:
    """The scopes, each with its translations."""
    return tuple(
        replace(
            scope,
            translations=tuple((each.language, each.description) for each in translations if each.scope == scope.name),
        )
        for scope in scopes
    )


def check_translations(found: Everything, scopes: Sequence[str]) -> None:
    """Each is of a Scope, and the only one in its language. Raises ConfigError."""
    translations: Sequence[ScopeTranslation] = found[SCOPE_TRANSLATION.name].values
    for number, each in enumerate(translations):
        if each.scope not in scopes:
            allowed = f"allowed are the names of [OAuth] Scope: {', '.join(scopes)}"
            raise refusal(found, SCOPE_TRANSLATION, allowed, number)
    repeated = find_repeated((each.scope, each.language) for each in translations)
    if repeated is not None:
        each = translations[repeated]
        several = f"allowed is one line per scope and language; {each.scope} {each.language} has several"
        raise refusal(found, SCOPE_TRANSLATION, several, repeated)
