/**
 * NodeService/Backup: one request, then how far the reading has come, and the bytes of all buckets, as fast as the caller takes them: the next piece is asked for once the last one
 * has left.
 */
import type { CoordinatorService } from '@mas/transaction-coordinator';
import type { StreamMethod } from '../door/methods';
import { writeBackupEvent, type BackupEvent } from '../public/backup-messages';
import type { ClientEdge } from './client-edge';
import { operatorStream } from './operator-stream';

export function backupStream(edge: ClientEdge, coordinator: CoordinatorService): StreamMethod {
  return operatorStream(edge, async (call) => {
    const charged = edge.charge(call.caller.subject, 1);
    if (!charged.ok) return charged;
    const write = (event: BackupEvent): Promise<void> => call.write(edge.encode(event, writeBackupEvent));
    const reply = await coordinator.backup(call.caller, {
      signal: call.ended(),
      onProgress: (progress) => {
        if (!call.isUnread) void write({ kind: 'progress', progress });
      },
      onBegin: (taken) => write({ kind: 'begun', taken }),
      onPiece: (bucket, bytes) => write({ kind: 'piece', bucket, bytes }),
    });
    if (reply.ok) await write({ kind: 'whole' });
    return reply;
  });
}
