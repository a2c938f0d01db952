"""What a scope lets an app do, in the reader's language where the words are ours."""

from tokenhouse.v1.authorization_pb2 import RequestedScope

from facade.texts.languages import ENGLISH, current_texts


def scope_words(scope: RequestedScope) -> str:
    """The operator's words in this language, else as they stand; of the scopes that are there without a setting, the
    catalogue's."""
    translation = scope.translations.get(current_texts().language.lower())
    if translation is not None:
        return translation
    ours = ENGLISH.find(f"scope.{scope.name}")
    if ours is not None and str(ours) == scope.description:
        return str(current_texts().text(f"scope.{scope.name}"))
    return scope.description or scope.name
