"""BackupAdminService, for operators."""

import logging

import grpc
from tokenhouse.v1 import backup_admin_pb2 as pb
from tokenhouse.v1 import backup_admin_pb2_grpc

from core.domain.administration.backups import BackupAdministration

_log = logging.getLogger(__name__)


class BackupAdminServicer(backup_admin_pb2_grpc.BackupAdminServiceServicer):
    """Proto → make a backup → proto."""

    def __init__(self, backups: BackupAdministration) -> None:
        self._backups = backups

    def CreateBackup(self, request: pb.CreateBackupRequest, context: grpc.ServicerContext) -> pb.CreateBackupResponse:
        made = self._backups.create(request.path, overwrite=request.overwrite, wanted=context.is_active)
        _log.info("backup made", extra={"path": request.path, "revision": made.revision})
        return pb.CreateBackupResponse(size=made.size, revision=made.revision)
