"""What to run next, where the core has refused a name or an id: the command that lists the good ones.

Programs and pages are told the same sentence by the core, and have no use for a command.
"""

import grpc
from google.rpc.status_pb2 import Status
from tokenhouse.v1.refusal_sentence_pb2 import RefusalSentence

#: By the core's sentences (`core.domain.detail_sentences`).
_LISTED = {
    "no_client": "clients list",
    "no_user": "users list",
    "no_grant": "grants list --all",
    "no_grant_id": "grants list",
    "no_count": "limits list",
    "no_limit_id": "limits list",
}


def next_command(call: grpc.Call) -> str:
    """What follows the refusal in its line; empty where nothing is listed that would help."""
    for key, value in call.trailing_metadata() or ():
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            for detail in Status.FromString(value).details:
                said = RefusalSentence()
                if detail.Unpack(said) and said.sentence in _LISTED:
                    return f": see `tokenhouse {_LISTED[said.sentence]}`"
    return ""
