"""Text that somebody else chose, made fit to be shown. Escaping is the template's; this is about what eyes are told."""

import unicodedata


def shown(text: str, limit: int) -> str:
    """`text` on one line, at most `limit` characters, without characters that hide or reorder others (UTS #39 §5)."""
    visible = "".join(character if _is_visible(character) else " " for character in text[: limit * 4])
    line = " ".join(visible.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _is_visible(character: str) -> bool:
    # Cc and Cf: control and bidirectional characters; Co, Cn, Cs: no agreed shape; Zl, Zp: line breaks.
    return unicodedata.category(character) not in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
