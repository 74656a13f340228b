/** How tests get in: clients with the cluster's certificate, and tokens signed with its key. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MasClient } from '@mas/client';
import { loadTokenKeys, TokenSigner } from '@mas/rpc';
import { accountNumber } from '@mas/values';

export interface ClientOptions {
  /** Default: an operator's. */
  readonly token?: string;
  /** Default: all TMs. */
  readonly addresses?: readonly string[];
  readonly timeoutMs?: number;
}

const TOKEN_SECONDS = 24 * 3600;
const OPERATOR = 'tester';
/** Of the ids of the operator that the tests are. */
export const OPERATOR_SCOPE = `mas|${OPERATOR}`;

export class Access {
  private readonly clients: MasClient[] = [];
  private keptSigner: TokenSigner | null = null;

  constructor(
    private readonly certs: string,
    private readonly addresses: () => readonly string[],
  ) {}

  client(options: ClientOptions): MasClient {
    const client = new MasClient({
      addresses: options.addresses ?? this.addresses(),
      ca: readFileSync(join(this.certs, 'ca.crt')),
      token: options.token ?? this.operatorToken(),
      // Tests kill Transaction Managers, and start them again on a machine that may be busy.
      connectPatienceMs: options.timeoutMs ?? 60_000,
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    });
    this.clients.push(client);
    return client;
  }

  operatorToken(name = OPERATOR, lifetimeSeconds = TOKEN_SECONDS): string {
    return this.signer().operator(name, lifetimeSeconds).token;
  }

  accountToken(number: string): string {
    return this.signer().account(accountNumber(number), TOKEN_SECONDS).token;
  }

  close(): void {
    for (const client of this.clients.splice(0)) client.close();
  }

  private signer(): TokenSigner {
    this.keptSigner ??= signerOf(readFileSync(join(this.certs, 'jwt-hs256-1.key')));
    return this.keptSigner;
  }
}

/** @param lead other issuers, audiences and keys make tokens that must be refused. */
export function signerOf(
  key: Buffer,
  lead: { readonly issuer?: string; readonly audience?: string; readonly keyId?: string; readonly nowMs?: () => number } = {},
): TokenSigner {
  const keys = loadTokenKeys({
    algorithm: 'HS256',
    issuer: lead.issuer ?? 'mas',
    audience: lead.audience ?? 'mas',
    keys: [{ keyId: lead.keyId ?? '1', material: key }],
  });
  if (!keys.ok) throw new Error(keys.error.message);
  return new TokenSigner({ current: keys.value }, { wallMs: lead.nowMs ?? Date.now });
}
