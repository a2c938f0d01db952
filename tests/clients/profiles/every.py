"""All of them."""

from typing import Final

from tests.clients.profile import Profile
from tests.clients.profiles import (
    chatgpt,
    claude_ai,
    claude_code,
    codex,
    copilot_cli,
    cursor,
    gemini_cli,
    hosted,
    inspector,
    mcp_remote,
    mcporter,
    opencode,
    posit,
    vscode,
)

PROFILES: Final[tuple[Profile, ...]] = (
    *claude_code.PROFILES,
    *claude_ai.PROFILES,
    *codex.PROFILES,
    *vscode.PROFILES,
    *copilot_cli.PROFILES,
    *cursor.PROFILES,
    *gemini_cli.PROFILES,
    *mcp_remote.PROFILES,
    *inspector.PROFILES,
    *chatgpt.PROFILES,
    *opencode.PROFILES,
    *posit.PROFILES,
    *hosted.PROFILES,
    *mcporter.PROFILES,
)
