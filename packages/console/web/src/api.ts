/** Requests to the console, and to nobody else. */
import type { ErrorView } from '../../src/api/views';

export class Failed extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

/** Called when the session has ended under us. */
let onSignedOut: () => void = () => undefined;
export function whenSignedOut(run: () => void): void {
  onSignedOut = run;
}

export function get<Answer>(path: string, query: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const search = new URLSearchParams(query).toString();
  return ask<Answer>(`${path}${search === '' ? '' : `?${search}`}`, { method: 'GET' });
}

export function post<Answer>(path: string, body: object): Promise<Answer> {
  return ask<Answer>(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
}

export function remove(path: string): Promise<void> {
  return ask(path, { method: 'DELETE' });
}

async function ask<Answer>(path: string, init: RequestInit): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, credentials: 'same-origin' });
  } catch {
    throw new Failed(0, 'NO_CONSOLE', 'The console does not answer: is it still running?');
  }
  if (response.status === 204) return undefined as Answer;
  const answer = (await response.json().catch(() => null)) as unknown;
  if (response.ok) return answer as Answer;
  const { reason = 'UNEXPECTED', message = `The console answered ${response.status}.` } = (answer ?? {}) as Partial<ErrorView>;
  if (response.status === 401 && reason === 'NOT_SIGNED_IN') onSignedOut();
  throw new Failed(response.status, reason, message);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
