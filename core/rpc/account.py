"""AccountService: the user's own page for the facade."""

import logging

import grpc
from tokenhouse.v1 import account_pb2 as pb
from tokenhouse.v1 import account_pb2_grpc, authorization_pb2

from core.domain.account.connected_apps import ConnectedApp, ConnectedApps
from core.domain.account.own_password import OwnPassword
from core.domain.account.own_sessions import OwnSessions
from core.domain.account.page import AccountPage
from core.domain.clients.redirect_policy import parse_redirect_uri
from core.domain.sessions.session import Session, SignInMethod
from core.rpc.authorization import write_client, write_recipient, write_scopes

_log = logging.getLogger(__name__)

_METHODS = {each: getattr(pb, f"SIGN_IN_METHOD_{each.name}", pb.SIGN_IN_METHOD_UNSPECIFIED) for each in SignInMethod}


class AccountServicer(account_pb2_grpc.AccountServiceServicer):
    """Proto → what is the user's own → proto."""

    def __init__(self, page: AccountPage, apps: ConnectedApps, sessions: OwnSessions, password: OwnPassword) -> None:
        self._page = page
        self._apps = apps
        self._sessions = sessions
        self._password = password

    def OpenAccountPage(
        self, request: pb.OpenAccountPageRequest, context: grpc.ServicerContext
    ) -> pb.OpenAccountPageResponse:
        user = self._page.find_user(request.session_token)
        if user is None:
            sealed = self._page.seal(request.browser_binding)
            return pb.OpenAccountPageResponse(login=pb.AccountLoginPrompt(sealed_page=sealed))
        this, sessions = self._sessions.list(user, session_token=request.session_token)
        apps, more_apps = self._apps.list(user, skip=request.skip_apps)
        page = pb.AccountPage(
            username=user.username,
            apps=map(_write_app, apps),
            more_apps=more_apps,
            without_password=not user.password_hash,
            sessions=[_write_session(session, is_this=session == this) for session in sessions],
        )
        return pb.OpenAccountPageResponse(page=page)

    def DisconnectApp(
        self, request: pb.DisconnectAppRequest, context: grpc.ServicerContext
    ) -> pb.DisconnectAppResponse:
        ended = self._apps.disconnect(request.client_id, session_token=request.session_token)
        _log.info("app disconnected by its user", extra={"client_id": request.client_id, "grants": ended})
        return pb.DisconnectAppResponse(ended=ended)

    def DisconnectAllApps(
        self, request: pb.DisconnectAllAppsRequest, context: grpc.ServicerContext
    ) -> pb.DisconnectAllAppsResponse:
        ended = self._apps.disconnect_all(session_token=request.session_token)
        _log.info("every app disconnected by its user", extra={"grants": ended})
        return pb.DisconnectAllAppsResponse(ended=ended)

    def EndSession(self, request: pb.EndSessionRequest, context: grpc.ServicerContext) -> pb.EndSessionResponse:
        ended = self._sessions.end(request.session_id, session_token=request.session_token)
        return pb.EndSessionResponse(ended=ended)

    def EndAllSessions(
        self, request: pb.EndAllSessionsRequest, context: grpc.ServicerContext
    ) -> pb.EndAllSessionsResponse:
        return pb.EndAllSessionsResponse(ended=self._sessions.end_all(session_token=request.session_token))

    def ChangePassword(
        self, request: pb.ChangePasswordRequest, context: grpc.ServicerContext
    ) -> pb.ChangePasswordResponse:
        sessions, grants = self._password.change(
            request.old_password,
            request.new_password,
            session_token=request.session_token,
            network_address=request.network_address,
            disconnect_apps=request.disconnect_apps,
        )
        _log.info("password changed by its user", extra={"sessions": sessions, "grants": grants})
        remembered = self._page.remember_browser(request.session_token)
        return pb.ChangePasswordResponse(ended_sessions=sessions, ended_grants=grants, remembered_browser=remembered)


def _write_session(session: Session, *, is_this: bool) -> pb.BrowserSession:
    return pb.BrowserSession(
        session_id=session.session_id,
        created_at=session.created_at,
        expires_at=session.expires_at,
        network_address=session.network_address,
        is_this=is_this,
        method=_METHODS[session.method],
    )


def _write_app(app: ConnectedApp) -> pb.ConnectedApp:
    return pb.ConnectedApp(
        client=_write_client(app),
        connected_at=app.connected_at,
        last_used_at=app.last_used_at,
        installs=app.installs,
        scopes=write_scopes(app.scopes),
        resources=app.resources,
        everywhere=app.everywhere,
    )


def _write_client(app: ConnectedApp) -> authorization_pb2.RequestingClient:
    if app.client is None:
        return authorization_pb2.RequestingClient(client_name=app.client_id, client_id=app.client_id)
    if not app.redirect_uri:
        return write_client(app.client)
    return write_recipient(app.client, parse_redirect_uri(app.redirect_uri))
