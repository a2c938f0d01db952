"""ConsoleService: the operators' services once more, for a person who is signed in as an operator.

A question or an act is handed to the servicer that answers it on admin.sock, built over a store on which every
transaction begins with the look whether the session lives and its user is an operator: nothing can come between.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import grpc
from google.protobuf.descriptor import OneofDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from tokenhouse.v1 import console_pb2 as pb
from tokenhouse.v1 import console_pb2_grpc

from core.domain.administration.operators import OperatorLogin, Operators
from core.domain.audit.act import ActorKind
from core.domain.audit.origin import Actor, ComingFrom, Origin, current_origin
from core.domain.audit.refusals import Refusals
from core.domain.errors import InvalidArgument
from core.domain.store import GuardedStore, Store
from core.rpc.audited import audited

_log = logging.getLogger(__name__)

#: What answers on admin.sock, over this store.
ServicersOver = Callable[[GuardedStore], Mapping[ServiceDescriptor, object]]


class ConsoleServicer(console_pb2_grpc.ConsoleServiceServicer):
    """Proto → the operator, and then their own service → proto."""

    def __init__(self, operators: Operators, store: Store, servicers_over: ServicersOver, refusals: Refusals) -> None:
        self._operators = operators
        self._store = store
        self._servicers_over = servicers_over
        self._refusals = refusals
        services = list(servicers_over(store))
        self._questions = _methods(pb.LookRequest.DESCRIPTOR.oneofs_by_name["question"], services)
        self._acts = _methods(pb.ActRequest.DESCRIPTOR.oneofs_by_name["act"], services)

    def Look(self, request: pb.LookRequest, context: grpc.ServicerContext) -> pb.LookResponse:
        name = request.WhichOneof("question")
        found = self._operators.find(session_token=request.session_token, browser_binding=request.browser_binding)
        if isinstance(found, OperatorLogin):
            return pb.LookResponse(login=pb.ConsoleLoginPrompt(sealed_console=found.sealed_console))
        answer = self._ask(self._questions, name, request, context)
        return pb.LookResponse(operator=found.username, **answer)

    def Act(self, request: pb.ActRequest, context: grpc.ServicerContext) -> pb.ActResponse:
        name = request.WhichOneof("act")
        operator = self._operators.require(self._store, request.session_token)
        actor = Actor(ActorKind.OPERATOR, operator.subject, operator.username)
        with ComingFrom(Origin(actor, current_origin().network)):
            answer = self._ask(self._acts, name, request, context)
        _log.info("operator acted", extra={"operator": operator.subject, "act": name})
        return pb.ActResponse(**answer)

    def _ask(
        self,
        methods: Mapping[str, tuple[ServiceDescriptor, str]],
        name: str | None,
        request: pb.LookRequest | pb.ActRequest,
        context: grpc.ServicerContext,
    ) -> dict[str, Any]:
        if name is None:
            raise InvalidArgument("nothing is asked for that this console knows")

        def check(tx: Any) -> None:
            self._operators.require(tx, request.session_token)

        service, method = methods[name]
        servicer = self._servicers_over(self._store.guarded_by(check))[service]
        behaviour = audited(f"/{service.full_name}/{method}", getattr(servicer, method), self._refusals)
        answer: Message = behaviour(getattr(request, name), context)
        return {name: answer}


def _methods(
    oneof: OneofDescriptor, services: Iterable[ServiceDescriptor]
) -> Mapping[str, tuple[ServiceDescriptor, str]]:
    """Which method answers each field: the one of the operators' services that takes the field's message."""
    by_input = {method.input_type: (each, method.name) for each in services for method in each.methods}
    return {field.name: by_input[field.message_type] for field in oneof.fields if field.message_type is not None}
