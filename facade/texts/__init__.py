"""What people read, one catalogue for each language; the browser says which (RFC 9110 §12.5.4).

A text: a line with the same key in each `LANGUAGE.toml`, and `t("section.key", placeholder=value)` in the template or
`current_texts().text(…)` in a page. Where a number decides, it is a table of the language's plural forms, and `count=`.
A language: a copy of `en.toml` named after its tag (RFC 5646), translated. The tests say what is missing.
"""
