/** Rules of the model (docs/model), each broken once: its invariants must notice. */

export interface ModelMutant {
  readonly rule: string;
  readonly file: 'bucket' | 'coordinator' | 'cluster';
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

export const MODEL_MUTANTS: readonly ModelMutant[] = [
  {
    rule: 'an undecided payment that is asked for is decided: the home is a fence',
    file: 'bucket',
    find: '      | Resolve(txn) => decideAbort(rows, txn)',
    replace: '      | Resolve(txn) => { rows: rows, outcome: decideAbort(rows, txn).outcome }',
  },
  {
    rule: 'RESOLVE answers what is decided',
    file: 'bucket',
    find: '      | Resolve(txn) => decideAbort(rows, txn)',
    replace: '      | Resolve(txn) => recordedAbort(rows, txn)',
  },
  {
    rule: 'the first entry at the home wins',
    file: 'bucket',
    find: 'if (hasRecord(rows, txn)) { rows: rows, outcome: found(rows, txn) }\n    else {\n      val verdicts',
    replace: 'if (hasRecord(rows, txn) and rows.records.get(keyOf(txn)).isCommitted) { rows: rows, outcome: found(rows, txn) }\n    else {\n      val verdicts',
  },
  {
    rule: 'a payment is decided once',
    file: 'bucket',
    find: 'if (hasRecord(rows, txn)) { rows: rows, outcome: found(rows, txn) }\n    else {\n      val verdicts',
    replace:
      'if (hasRecord(rows, txn) and not(rows.records.get(keyOf(txn)).isCommitted)) { rows: rows, outcome: found(rows, txn) }\n    else {\n      val verdicts',
  },
  {
    rule: 'an id belongs to one request',
    file: 'bucket',
    find: 'if (record.txn == txn) Decided({ record: record, isFresh: false }) else Conflict(record.txn)',
    replace: 'Decided({ record: { ...record, txn: txn }, isFresh: false })',
  },
  {
    rule: 'a rollback that overtakes its prepare leaves a tombstone',
    file: 'bucket',
    find: '{ rows: tombstone(rows, txn, account), outcome: LegEnded(Aborted) }',
    replace: '{ rows: rows, outcome: LegEnded(Aborted) }',
  },
  {
    rule: 'a late prepare finds its leg ended',
    file: 'bucket',
    find: 'if (hasLeg(rows, txn, account)) { rows: rows, outcome: standing',
    replace: 'if (hasLeg(rows, txn, account) and rows.legs.get((txn, account)).state != Aborted) { rows: rows, outcome: standing',
  },
  {
    rule: 'a prepare that comes twice promises once',
    file: 'bucket',
    find: 'if (hasLeg(rows, txn, account)) { rows: rows, outcome: standing',
    replace: 'if (hasLeg(rows, txn, account) and not(isPrepared(rows, txn, account))) { rows: rows, outcome: standing',
  },
  {
    rule: 'a commit that comes twice pays once',
    file: 'bucket',
    find: '| Committed => { rows: rows, outcome: if (leg.c == c) LegEnded(Committed) else Alarm("COMMIT_TIMES_DIFFER") }',
    replace: '| Committed => { rows: changed(rows, account, amountOf(txn, account), 0, 0), outcome: LegEnded(Committed) }',
  },
  {
    rule: 'a rollback frees what is held',
    file: 'bucket',
    find: 'val freed = if (amount < 0) changed(rows, account, 0, amount, 0)',
    replace: 'val freed = if (amount < 0) rows',
  },
  {
    rule: 'held money is not promised again',
    file: 'bucket',
    find: '(rows.balance.get(account) - rows.holds.get(account) - MINIMUM)',
    replace: '(rows.balance.get(account) - MINIMUM)',
  },
  {
    rule: 'c lies behind every p',
    file: 'bucket',
    find: '| DecideCommit(i) => if (i.notBefore == 0) 0 else i.notBefore + 1',
    replace: '| DecideCommit(_) => 0',
  },
  {
    rule: 'COMMIT carries its bucket to c',
    file: 'bucket',
    find: '    | Commit(i) => i.c\n    | _ => 0',
    replace: '    | _ => 0',
  },
  {
    rule: 'one commit time',
    file: 'bucket',
    find: 'Commit({ txn: txn, account: account, c: record.c })',
    replace: 'Commit({ txn: txn, account: account, c: record.c + 1 })',
  },
  {
    rule: 'what is promised to a transaction that lost its id is given back',
    file: 'bucket',
    find: '| Conflict(_) => Set(Rollback({ txn: txn, account: account }))',
    replace: '| Conflict(_) => Set()',
  },
  {
    rule: 'nothing is committed with a promise missing',
    file: 'coordinator',
    find: 'legsAre(machine, AtHome).union(legsAre(machine, HasPromised)) == machine.legs.keys()',
    replace: 'legsAre(machine, AtHome).union(legsAre(machine, HasPromised)) != Set()',
  },
  {
    rule: 'a home that does not answer is UNKNOWN',
    file: 'coordinator',
    find: 'phase: Over(Unheard) }, AnsweredUnknown)',
    replace: 'phase: Over(Unheard) }, AnsweredAborted)',
  },
  {
    rule: 'the caller hears what the home has recorded',
    file: 'coordinator',
    find: 'if (it.record.isCommitted) AnsweredCommitted(it.record.balances) else AnsweredAborted',
    replace: 'AnsweredCommitted(it.record.balances)',
  },
  {
    rule: 'DECIDE carries the highest moment of the promises',
    file: 'coordinator',
    find: 'legsAre(machine, HasPromised).fold(0, (sofar, each) => later(sofar, machine.legs.get(each).p))',
    replace: '0',
  },
  {
    rule: 'no leg gives up by itself',
    file: 'cluster',
    find: '| LegAsks(it) => withSent(state, LegLeader, Set(Resolve(it.txn)))',
    replace: '| LegAsks(it) => withSent(state, LegLeader, Set(Rollback({ txn: it.txn, account: it.account })))',
  },
  {
    rule: 'a checkpoint and the place in the log are one',
    file: 'cluster',
    find: '{ ...now, checkpoint: now.rows, log: [] }',
    replace: '{ ...now, checkpoint: now.rows }',
  },
  {
    rule: 'a replica that comes back applies the log behind its checkpoint',
    file: 'cluster',
    find: 'bucket.log.foldl(bucket.checkpoint, (rows, each) => applied(rows, each).rows)',
    replace: 'bucket.checkpoint',
  },
];
