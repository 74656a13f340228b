/** mas-client token sign|show: made and read here, without a server. */
import { readFileSync } from 'node:fs';
import type { TokenAlgorithm } from '@mas/rpc';
import type { Command } from 'commander';
import { systemClock } from '../../platform/system-clock';
import { UsageError } from '../../usage-error';
import { oneOf, readAccount, readDuration } from '../arguments';
import { table, time } from '../output';
import { guarded } from '../session';

const DEFAULT_KEY = 'certs/jwt-hs256-1.key';

interface SignOptions {
  readonly subject: string;
  readonly account?: string;
  readonly expires: string;
  readonly key: string;
  readonly keyId: string;
  readonly algorithm: string;
  readonly issuer: string;
  readonly audience: string;
}

export function addTokenCommands(program: Command): void {
  const token = program.command('token').description('tokens: sign and show');
  token
    .command('sign')
    .description('sign a token with a key of certs/make-certs.sh')
    .option('--subject <name>', 'who it is for', 'operator')
    .option('--account <number>', 'a token that debits and reads this account only; default: an operator\u2019s')
    .option('--expires <duration>', 'how long it is valid', '24h')
    .option('--key <file>', 'secret or private key', DEFAULT_KEY)
    .option('--key-id <kid>', 'id of the key', '1')
    .option('--algorithm <alg>', 'HS256, RS256 or ES256', 'HS256')
    .option('--issuer <iss>', 'who signs, as the cluster is set to expect', 'mas')
    .option('--audience <aud>', 'whom it is meant for, as the cluster is set to expect', 'mas')
    .action((options: SignOptions) =>
      guarded(program, async (output) => {
        const signed = await sign(options);
        output.print({ token: signed }, () => signed);
      }),
    );
  token
    .command('show')
    .description('what a token says (without checking its signature)')
    .argument('<token>', 'the token, or the file that holds it')
    .action((source: string) =>
      guarded(program, async (output) => {
        const { readToken } = await import('../context.js');
        const claims = claimsOf(readToken({ value: source, from: 'the argument', base: '.' }));
        output.print(claims, () =>
          table(
            ['claim', 'value'],
            Object.entries(claims).map(([name, value]) => [name, claimText(name, value)]),
          ),
        );
      }),
    );
}

async function sign(options: SignOptions): Promise<string> {
  const algorithm: TokenAlgorithm = oneOf('--algorithm', options.algorithm, ['HS256', 'RS256', 'ES256']);
  let content: Buffer;
  try {
    content = readFileSync(options.key);
  } catch {
    // Not repeated: the key itself may have been given in place of its file.
    throw new UsageError(
      options.key === DEFAULT_KEY
        ? `the key ${DEFAULT_KEY} cannot be read: give another file with --key, or make keys with certs/make-certs.sh`
        : '--key does not name a file that can be read: give the file that holds the key; certs/make-certs.sh makes one',
    );
  }
  const { loadTokenKeys, TokenSigner } = await import('../signing.js');
  const keys = loadTokenKeys({ algorithm, issuer: options.issuer, audience: options.audience, keys: [{ keyId: options.keyId, material: content }] });
  if (!keys.ok) throw new UsageError(keys.error.message);
  const signer = new TokenSigner({ current: keys.value }, systemClock);
  if (!signer.canSign()) throw new UsageError(`the file that --key names holds a public key: it verifies but does not sign`);
  const seconds = readDuration('--expires', options.expires);
  if (seconds === 0) throw new UsageError('--expires must be at least a second');
  if (!/^[\x21-\x7e]{1,128}$/.test(options.subject)) throw new UsageError('--subject is 1 to 128 visible ASCII characters');
  if (options.account === undefined) return signer.operator(options.subject, seconds).token;
  return signer.account(readAccount('--account', options.account), seconds).token;
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const [header, payload] = token.split('.');
  try {
    const parts = [header, payload].map((part) => JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8')) as Record<string, unknown>);
    return { ...parts[0], ...parts[1] };
  } catch {
    throw new UsageError('that is not a token: it has three parts separated by dots, the first two base64url JSON');
  }
}

function claimText(name: string, value: unknown): string {
  if (typeof value === 'number' && ['exp', 'iat', 'nbf'].includes(name)) return `${value} (${time(value * 1000)})`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
