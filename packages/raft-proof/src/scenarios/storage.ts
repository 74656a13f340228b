/** Asynchronous storage, crashes and restarts: what is durable, and what Raft may believe to be. */
import { confChangeV1, decodeConfChange, EMPTY_CONF_STATE, encodeConfChange, logIndex, NO_DATA, term } from '@mas/raft';
import { Driver, entry, n, type Scenario } from './driver';

const ASYNC = { config: { asyncStorageWrites: true } } as const;

export const storageScenarios: readonly Scenario[] = [
  {
    name: 'entries are applied only once they are durable here (asynchronous storage)',
    run: (create) => {
      const driver = new Driver(create, ASYNC);
      driver.append(2, 1, [1, 1], [entry(1, 2)], 2);
      const ready = driver.take();
      expect(ready.hardState?.commit).toBe(2);
      expect(ready.storageApply).toBeUndefined();
      expect(driver.node.hasReady()).toBe(false);
      driver.deliverToSelf(driver.finishWrite());
      expect(driver.take().storageApply?.entries.map(({ index }) => index)).toEqual([2]);
    },
  },
  {
    name: 'a late answer of the storage from an earlier term says nothing about entries (the A-B-A race)',
    run: (create) => {
      const driver = new Driver(create, ASYNC);
      driver.append(2, 1, [1, 1], [entry(1, 2, 'a')], 1);
      driver.take();
      driver.append(3, 2, [1, 1], [entry(2, 2, 'b')], 1);
      driver.take();
      driver.append(2, 3, [1, 1], [entry(1, 2, 'a')], 1);
      driver.take();
      // The first write is done: the disk has a, and b and a again are still to come.
      driver.deliverToSelf(driver.finishWrite());
      driver.finishWrite();
      // With b on disk the log must still read a: the leader of term 3 finds its entry.
      driver.append(2, 3, [1, 2], [entry(3, 3)], 1);
      const accepted = driver.take().storageAppend?.responses.filter((message) => message.kind === 'append-accepted');
      expect(accepted).toMatchObject([{ index: 3 }]);
    },
  },
  {
    name: 'entries become durable only when the written entry is the one in the log (term check)',
    run: (create) => {
      const driver = new Driver(create, ASYNC);
      driver.append(2, 2, [1, 1], [entry(2, 2)], 1);
      driver.take();
      // A new term is written; its answer will speak of the last entry, 2/2.
      driver.requestVote(3, 3, [2, 2]);
      driver.take();
      // The new leader replaces that entry within the same term.
      driver.append(3, 3, [1, 1], [entry(3, 2)], 1);
      driver.take();
      driver.deliverToSelf(driver.finishWrite());
      driver.deliverToSelf(driver.finishWrite());
      // 2/2 is on disk, 3/2 is not yet: the log must still read 3/2.
      driver.append(3, 3, [3, 2], [entry(3, 3)], 1);
      const accepted = driver.take().storageAppend?.responses.filter((message) => message.kind === 'append-accepted');
      expect(accepted).toMatchObject([{ index: 3 }]);
    },
  },
  {
    name: 'several writes are in flight, and nothing is handed out twice',
    run: (create) => {
      const driver = new Driver(create, ASYNC);
      for (const index of [2, 3, 4]) {
        driver.append(2, 1, [1, index - 1], [entry(1, index)], 1);
        expect(driver.take().storageAppend?.entries.map((one) => one.index)).toEqual([index]);
      }
      while (driver.appends.length > 0) driver.deliverToSelf(driver.finishWrite());
      expect(driver.node.hasReady()).toBe(false);
      expect(driver.storage.lastIndex()).toBe(4);
    },
  },
  {
    name: 'after a restart nothing that was applied is handed out again',
    run: (create) => {
      const driver = new Driver(create, { terms: [1, 1, 1], hardState: { term: 1, commit: 4 }, config: { appliedIndex: logIndex(3) } });
      expect(driver.node.ready().committedEntries.map(({ index }) => index)).toEqual([4]);
    },
  },
  {
    name: 'a state machine that is ahead of the stored commit index is believed',
    run: (create) => {
      const driver = new Driver(create, { terms: [1, 1, 1], hardState: { term: 1, commit: 2 }, config: { appliedIndex: logIndex(4) } });
      expect(driver.node.basicStatus()).toMatchObject({ commit: 4, applied: 4 });
    },
  },
  {
    name: 'a commit index that was compacted away is believed',
    run: (create) => {
      const driver = new Driver(create, { terms: [1, 1, 1], hardState: { term: 1, commit: 2 } });
      driver.storage.compact(logIndex(3));
      const restarted = create({ ...driver.config, appliedIndex: logIndex(3) });
      expect(restarted.ok && restarted.value.basicStatus()).toMatchObject({ commit: 3, applied: 3, term: 1 });
    },
  },
  {
    name: 'while a snapshot is installed, changes from before it do not touch its configuration',
    run: (create) => {
      const driver = new Driver(create, ASYNC);
      const change = confChangeV1({ type: 'add-node', nodeId: n(4) });
      driver.append(2, 1, [1, 1], [{ ...entry(1, 2), ...encodeConfChange(change) }], 2);
      driver.take();
      driver.deliverToSelf(driver.finishWrite());
      driver.take();
      const confState = { ...EMPTY_CONF_STATE, voters: [n(1), n(2)] };
      const snapshot = { metadata: { index: logIndex(9), term: term(1), confState }, data: NO_DATA };
      driver.node.step({ kind: 'snapshot', from: n(2), to: n(1), term: term(1), snapshot });
      // The change at 2 was handed out before the snapshot came, and is applied only now.
      driver.applies[0]?.entries.forEach((one) => driver.node.applyConfChange(decodeConfChange(one)));
      expect(driver.node.status().configuration.voters).toEqual([1, 2]);
    },
  },
  {
    name: 'a snapshot whose last entry is in the log only moves the commit index',
    run: (create) => {
      const driver = new Driver(create, { terms: [1, 1, 1], hardState: { term: 1, commit: 1 } });
      const confState = { ...EMPTY_CONF_STATE, voters: [n(1), n(2), n(3)] };
      const snapshot = { metadata: { index: logIndex(3), term: term(1), confState }, data: NO_DATA };
      driver.node.step({ kind: 'snapshot', from: n(2), to: n(1), term: term(1), snapshot });
      const sent = driver.drain();
      expect(sent).toEqual([{ kind: 'append-accepted', from: 1, to: 2, term: 1, index: 3 }]);
      expect(driver.node.basicStatus()).toMatchObject({ commit: 3, lastIndex: 4 });
    },
  },
];
