/** What a token says of itself. Believed for display only: whether it is true, the cluster says. */
export interface Claims {
  readonly name: string;
  readonly isOperator: boolean;
  /** An account's token: its number. */
  readonly account: string | null;
  readonly endsAtMs: number;
}

export const MAX_TOKEN_BYTES = 4_096;
const FORM = /^[\w-]+\.([\w-]+)\.[\w-]+$/;
const VISIBLE = /^[\x21-\x7e]{1,128}$/;

/** Null: it has not the form of a token that could be good. */
export function claimsOf(token: string): Claims | null {
  const payload = token.length > MAX_TOKEN_BYTES ? undefined : FORM.exec(token)?.[1];
  if (payload === undefined) return null;
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
  if (typeof claims !== 'object' || claims === null) return null;
  const { sub, role, exp } = claims as Readonly<Record<string, unknown>>;
  if (typeof sub !== 'string' || !VISIBLE.test(sub) || typeof exp !== 'number' || !Number.isFinite(exp)) return null;
  return { name: sub, isOperator: role === 'operator', account: role === 'account' ? sub : null, endsAtMs: exp * 1000 };
}
