"""What people see: login, consent and errors, as HTML made from `facade/templates`.

Everything a client chose (its name, its redirect URI, its resources) is untrusted text here: cut, cleaned, escaped.
Needs no JavaScript and loads one stylesheet from this server and nothing from elsewhere.
"""
