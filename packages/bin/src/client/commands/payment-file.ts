/** mas-client payment create --file */
import { parse, join } from 'node:path';
import type { SingleBar } from 'cli-progress';
import { UsageError } from '../../usage-error';
import { isCallFailed } from '../call-failed';
import { CommandFailed, EXIT, exitCodeOf } from '../exit-codes';
import { readPaymentFile } from '../payment-file/payment-file';
import { payRows } from '../payment-file/pay-rows';
import { ResultsFile } from '../payment-file/results-file';
import type { Session } from '../session';

export interface PayFileOptions {
  readonly file: string;
  readonly result?: string;
  readonly currency: string;
}

const DEFAULT_PATIENCE_MS = 15_000;

export async function payFile({ client, output, timeoutMs }: Session, options: PayFileOptions): Promise<void> {
  const { file, currency } = options;
  const resultPath = options.result ?? join(parse(file).dir, `${parse(file).name}.results.csv`);
  if (resultPath === file) throw new UsageError('--result must be another file than --file');
  const rows = readPaymentFile(file, currency);
  const results = ResultsFile.open(resultPath, rows);
  const before = results.answered;
  const bar = await progressBar(rows.length, before, output.json);
  const stoppedBy = await payRows(client, results.openRows(), {
    patienceMs: timeoutMs ?? DEFAULT_PATIENCE_MS,
    answered: (outcomes) => {
      results.add(outcomes);
      bar.update(results.answered);
    },
  }).finally(() => bar.stop());
  const unwritten = unfinished(results);
  const facts = {
    ...{ file, result: resultPath, payments: rows.length, answeredBefore: before },
    ...{ committed: results.count('COMMITTED'), aborted: results.count('ABORTED'), refused: results.count('REFUSED') },
    ...{ unknown: results.count('UNKNOWN'), open: results.count('OPEN') },
  };
  const { committed, aborted, refused, unknown, open } = facts;
  if (stoppedBy !== null || unwritten !== null)
    throw stopped(stoppedBy ?? unwritten, `${committed} committed, ${aborted} aborted, ${refused} refused, ${unknown} unknown, ${open} not asked for`, facts);
  if (aborted + refused > 0)
    throw new CommandFailed(
      EXIT.refused,
      `PAYMENTS_NOT_MADE: ${committed} of ${rows.length} committed, ${aborted} aborted, ${refused} refused; each with its reason in ${resultPath}`,
      {
        reason: 'PAYMENTS_NOT_MADE',
        ...facts,
      },
    );
  const again = before === 0 ? '' : ` (${before} of them by an earlier run)`;
  output.print(facts, () => `COMMITTED all ${rows.length} payments of ${file}${again}; each in ${resultPath}`);
}

function unfinished(results: ResultsFile): unknown {
  try {
    results.finish();
    return null;
  } catch (error) {
    return error;
  }
}

function stopped(error: unknown, state: string, facts: Readonly<Record<string, unknown>> & { readonly result: string }): unknown {
  if (!isCallFailed(error)) {
    const text = `cannot write ${facts.result}: ${error instanceof Error ? error.message : String(error)}`;
    return new CommandFailed(EXIT.answerLost, `${text}; payments were made, and the same command pays none twice`, { reason: 'ANSWER_LOST', ...facts });
  }
  const { kind, reason, message } = error.error;
  const exitCode = reason === 'OUTCOME_UNKNOWN' ? EXIT.unknownOutcome : exitCodeOf(kind);
  return new CommandFailed(exitCode, `${reason}: ${message}; so far ${state} (${facts.result}); the same command goes on from there, and pays nothing twice`, {
    reason,
    ...facts,
  });
}

/** On a terminal, beside the answer. */
async function progressBar(total: number, before: number, json: boolean): Promise<Pick<SingleBar, 'update' | 'stop'>> {
  if (json || process.stderr.isTTY !== true) return { update: () => undefined, stop: () => undefined };
  const { Presets, SingleBar } = await import('cli-progress');
  const bar = new SingleBar(
    { format: '{bar} {value} of {total} payments, {eta_formatted} left', clearOnComplete: true, hideCursor: true, stream: process.stderr },
    Presets.shades_classic,
  );
  bar.start(total, before);
  return bar;
}
