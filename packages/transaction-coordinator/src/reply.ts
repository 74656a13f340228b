/** Constructors of the refusals that callers see; one sentence each says what to do. */
import type { ParticipantAnswer } from '@mas/routing';
import { noQuorumText, noStoreText, type NoQuorum, type NoStore, type Unreachable } from '@mas/two-phase-commit';
import type { Reply, RequestError } from './coordinator-service';

export type RequestErrorKind = RequestError['kind'];

/** Said where it did not arrive before the deadline: until then it is followed. */
export const SLOT_MOVING = 'SLOT_MOVING';

const READ_AGAIN = 'try again once more of them are up';

export function success<Value>(value: Value): Reply<Value> {
  return { ok: true, value };
}

/**
 * A read that was not answered. A bucket's leader verifies the caller's token itself and may know better than this process, for
 * example that it has expired in the meantime.
 */
export function unanswered(reply: ParticipantAnswer | Unreachable, message: string): { readonly ok: false; readonly error: RequestError } {
  if (reply.kind === 'permission-denied')
    return failure('permission-denied', 'NOT_AUTHORIZED', `The Resource Manager does not accept the token for this: ${reply.reason}.`);
  if (reply.kind === 'home-without-quorum') return withoutQuorum({ bucket: reply.home, ...reply.missing, perhapsDone: false }, READ_AGAIN);
  if (reply.kind === 'unreachable') return unreached(reply, 'BUCKET_UNAVAILABLE', message);
  if (reply.kind === 'wrong-bucket') return failure('unavailable', SLOT_MOVING, 'What was asked for is moving to another bucket; try again.');
  return failure('unavailable', 'BUCKET_UNAVAILABLE', message);
}

/** What an operator asked of the meta group was not done; repeating it is safe. */
export function undone(answer: ParticipantAnswer | Unreachable): { readonly ok: false; readonly error: RequestError } {
  if (answer.kind === 'permission-denied') return failure('permission-denied', 'TOKEN_REFUSED', `The token was refused: ${answer.reason}.`);
  return failure(
    'unavailable',
    'META_UNAVAILABLE',
    'The meta group has no leader that answers: a majority of its replicas has to be up. Ask again; repeating it changes nothing.',
  );
}

/** The bucket did not answer: says which, and what it lacks, where that is known. */
export function unreached(silence: Unreachable, reason: string, message: string): { readonly ok: false; readonly error: RequestError } {
  if (silence.isCrowded === true) return crowded(silence);
  const { noQuorum, noStore } = silence;
  if (noStore !== undefined) return withoutStore(noStore, 'try again once it is back');
  return noQuorum === undefined ? failure('unavailable', reason, message) : withoutQuorum(noQuorum, READ_AGAIN);
}

/** Too much waits for a bucket. */
export function crowded({ reason }: Unreachable): { readonly ok: false; readonly error: RequestError } {
  return failure(
    'resource-exhausted',
    'BUCKET_CROWDED',
    `This Transaction Manager has too much to do: ${reason}. Send the same request again in a moment, with the same id, or to another Transaction Manager.`,
  );
}

export function withoutQuorum(noQuorum: NoQuorum, advice: string): { readonly ok: false; readonly error: RequestError } {
  const { bucket, up, of, needed } = noQuorum;
  return failure('unavailable', 'NO_QUORUM', sentence(noQuorumText(noQuorum), advice), null, {
    bucket: String(bucket),
    up: String(up),
    replicas: String(of),
    needed: String(needed),
  });
}

export function withoutStore(noStore: NoStore, advice: string): { readonly ok: false; readonly error: RequestError } {
  return failure('unavailable', 'NO_STORE', sentence(noStoreText(noStore), advice), null, { bucket: String(noStore.bucket), rm: `rm-${noStore.rm}` });
}

function sentence(text: string, advice: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}; ${advice}.`;
}

export function failure(
  kind: RequestErrorKind,
  reason: string,
  message: string,
  field: string | null = null,
  facts: Readonly<Record<string, string>> = {},
): { readonly ok: false; readonly error: RequestError } {
  return { ok: false, error: { kind, reason, field, message, facts } };
}
