"""UserAdminService, for operators."""

import logging

import grpc
from tokenhouse.v1 import user_admin_pb2 as pb
from tokenhouse.v1 import user_admin_pb2_grpc

from core.domain.administration.identities import IdentityAdministration
from core.domain.administration.users import UserAdministration
from core.domain.users.user import User
from core.rpc.paging import require_page_size
from core.rpc.passkey import write_passkey

_log = logging.getLogger(__name__)


class UserAdminServicer(user_admin_pb2_grpc.UserAdminServiceServicer):
    """Proto → act on a user → proto."""

    def __init__(self, users: UserAdministration, identities: IdentityAdministration) -> None:
        self._users = users
        self._identities = identities

    def CreateUser(self, request: pb.CreateUserRequest, context: grpc.ServicerContext) -> pb.CreateUserResponse:
        user = self._users.create(request.username, request.password, request.groups)
        _log.info("user created", extra={"subject": user.subject})
        return pb.CreateUserResponse(user=_write(user))

    def ListUsers(self, request: pb.ListUsersRequest, context: grpc.ServicerContext) -> pb.ListUsersResponse:
        size = require_page_size(request.page_size)
        users = self._users.list(limit=size + 1, after=request.after_username, containing=request.containing)
        return pb.ListUsersResponse(users=[_write(user) for user in users[:size]], has_more=len(users) > size)

    def GetUser(self, request: pb.GetUserRequest, context: grpc.ServicerContext) -> pb.GetUserResponse:
        return pb.GetUserResponse(user=self._write_whole(self._users.get(request.username)))

    def DisableUser(self, request: pb.DisableUserRequest, context: grpc.ServicerContext) -> pb.DisableUserResponse:
        user, revoked = self._users.disable(request.username)
        _log.info("user disabled", extra={"subject": user.subject, "revoked_grants": revoked})
        return pb.DisableUserResponse(user=_write(user), revoked_grants=revoked)

    def EnableUser(self, request: pb.EnableUserRequest, context: grpc.ServicerContext) -> pb.EnableUserResponse:
        user = self._users.enable(request.username)
        _log.info("user enabled", extra={"subject": user.subject})
        return pb.EnableUserResponse(user=_write(user))

    def SignOutUser(self, request: pb.SignOutUserRequest, context: grpc.ServicerContext) -> pb.SignOutUserResponse:
        ended = self._users.sign_out(request.username)
        _log.info("user signed out", extra={"ended_sessions": ended})
        return pb.SignOutUserResponse(ended_sessions=ended)

    def RevokeUserTokens(
        self, request: pb.RevokeUserTokensRequest, context: grpc.ServicerContext
    ) -> pb.RevokeUserTokensResponse:
        revoked = self._users.revoke_tokens(request.username)
        _log.info("user's tokens revoked", extra={"revoked_grants": revoked})
        return pb.RevokeUserTokensResponse(revoked_grants=revoked)

    def SetPassword(self, request: pb.SetPasswordRequest, context: grpc.ServicerContext) -> pb.SetPasswordResponse:
        revoked = self._users.set_password(request.username, request.password, keep_grants=request.keep_grants)
        _log.info("password set", extra={"revoked_grants": revoked})
        return pb.SetPasswordResponse(revoked_grants=revoked)

    def ResetSecondFactor(
        self, request: pb.ResetSecondFactorRequest, context: grpc.ServicerContext
    ) -> pb.ResetSecondFactorResponse:
        reset = self._users.reset_second_factor(request.username)
        _log.info("second factor reset", extra={"reset": reset})
        return pb.ResetSecondFactorResponse(reset=reset)

    def RemovePasskeys(
        self, request: pb.RemovePasskeysRequest, context: grpc.ServicerContext
    ) -> pb.RemovePasskeysResponse:
        removed = self._users.remove_passkeys(request.username)
        _log.info("passkeys removed", extra={"removed": removed})
        return pb.RemovePasskeysResponse(removed=removed)

    def SetGroups(self, request: pb.SetGroupsRequest, context: grpc.ServicerContext) -> pb.SetGroupsResponse:
        user = self._users.set_groups(request.username, request.groups)
        _log.info("groups set", extra={"subject": user.subject})
        return pb.SetGroupsResponse(user=_write(user))

    def DeleteUser(self, request: pb.DeleteUserRequest, context: grpc.ServicerContext) -> pb.DeleteUserResponse:
        revoked = self._users.delete(request.username)
        _log.info("user deleted", extra={"revoked_grants": revoked})
        return pb.DeleteUserResponse(revoked_grants=revoked)

    def LinkIdentity(self, request: pb.LinkIdentityRequest, context: grpc.ServicerContext) -> pb.LinkIdentityResponse:
        user = self._identities.link(request.username, request.provider, request.sub)
        _log.info("identity linked", extra={"subject": user.subject, "provider": request.provider})
        return pb.LinkIdentityResponse(user=self._write_whole(user))

    def UnlinkIdentity(
        self, request: pb.UnlinkIdentityRequest, context: grpc.ServicerContext
    ) -> pb.UnlinkIdentityResponse:
        user = self._identities.unlink(request.username, request.issuer, request.sub)
        _log.info("identity unlinked", extra={"subject": user.subject})
        return pb.UnlinkIdentityResponse(user=self._write_whole(user))

    def _write_whole(self, user: User) -> pb.User:
        written = _write(user)
        written.identities.extend(
            pb.LinkedIdentity(issuer=each.issuer, sub=each.sub) for each in self._identities.list(user)
        )
        written.passkeys.extend(write_passkey(each) for each in self._users.list_passkeys(user))
        return written


def _write(user: User) -> pb.User:
    return pb.User(
        subject=user.subject,
        username=user.username,
        groups=user.groups,
        disabled=not user.active,
        created_at=user.created_at,
        last_login_at=user.last_login_at,
    )
