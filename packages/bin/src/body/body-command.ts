/** `mas body`: the column `body` of a row, or the body of an entry in Redis, readable. */
import type { Command } from 'commander';

export function addBodyCommand(program: Command): void {
  program
    .command('body')
    .description("a payment's body as JSON, one a line: from `select hex(body) from payment`, or from an entry in Redis (base64)")
    .argument('[bytes...]', 'in hexadecimal or base64; none: lines from the standard input')
    .action(async (given: readonly string[]) => {
      const { shownBody } = await import('./shown-body.js');
      const texts = given.length > 0 ? given : await lines();
      for (const text of texts) process.stdout.write(`${shownBody(text)}\n`);
    });
}

/** Of a tombstone there is none: mysql prints NULL. */
async function lines(): Promise<readonly string[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks)
    .toString('utf8')
    .split(/\s+/)
    .filter((line) => line !== '' && line !== 'NULL');
}
