"""Requests that mean one thing to a proxy and another to the server behind it: paths and headers, spelt otherwise."""

from posixpath import normpath
from urllib.parse import unquote, urlsplit

#: Below it lies the one path of deploy/envoy/envoy.yaml that needs no token.
METADATA_PATH = "/.well-known/oauth-protected-resource"
#: Of /mcp/admin and what lies below.
ADMIN = [
    "/mcp/admin",
    "/mcp/admin/",
    "/mcp/admin?x=/mcp",
    "/mcp/x/../admin/users",
    "/mcp/./admin/users",
    "/mcp//admin/users",
    "//mcp/admin/users",
    "/mcp/%61dmin/users",
    "/mcp/%2e/admin/users",
    "/mcp/x/%2E%2e/admin/users",
    "/mcp%2Fadmin/users",
    "/mcp/admin%2fusers",
    "/mcp\\admin\\users",
    "/mcp%5Cadmin%5cusers",
    "/mcp/admin;x/users",
    "/mcp;x/admin/users",
    "/mcp/admin%3bx/users",
    "/mcp/x/..;/admin/users",
    "http://mcp.example.com/mcp/x/../admin/users",
    f"{METADATA_PATH}/../../mcp/admin",
]
#: Of what lies outside the one path that needs no token.
OPEN = [
    METADATA_PATH,
    f"{METADATA_PATH}/mcp/more",
    f"{METADATA_PATH}/mcp/../../../mcp",
    f"{METADATA_PATH}/mcp/",
    f"{METADATA_PATH}/../../mcp",
    f"{METADATA_PATH}/%2e%2e/%2E%2E/mcp",
    f"{METADATA_PATH}/..%2f..%2fmcp",
    f"{METADATA_PATH}/..\\..\\mcp",
    f"{METADATA_PATH}/..;/..;/mcp",
    f"{METADATA_PATH}//../../../mcp",
    f"{METADATA_PATH}s/mcp",
    f"{METADATA_PATH}.json",
    f"http://mcp.example.com{METADATA_PATH}/../../mcp",
]
#: A name in a header, as it goes over the wire.
FORGED = [
    "X-Tokenhouse-Subject:admin",
    "x-ToKeNhOuSe-SuBjEcT: admin",
    "X-Tokenhouse-Subject : admin",
    "X-Tokenhouse-Subject\t: admin",
    "X-Tokenhouse-Subject:",
    "Folded: yes\r\n X-Tokenhouse-Subject: admin",
    "Folded: yes\r\n\tX-Tokenhouse-Subject: admin",
    "Split: yes\nX-Tokenhouse-Subject: admin",
    "Split: yes\rX-Tokenhouse-Subject: admin",
    "X-Tokenhouse\x00-Subject: admin",
    "X-Tokenhouse-Subject: admin\r\nConnection: x-tokenhouse-subject",
    ": admin",
]


def as_a_lenient_server(path: str) -> str:
    """What a server may make of a path that unescapes it, takes a backslash for a slash, and leaves out parameters."""
    plain = unquote(urlsplit(path.replace("//", "/") if path.startswith("//") else path).path).replace("\\", "/")
    return normpath("/".join(segment.partition(";")[0] for segment in plain.split("/"))).replace("//", "/")
