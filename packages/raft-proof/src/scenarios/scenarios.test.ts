/**
 * Rules that etcd's traces cannot see, one story each. That every story fails for a core which breaks its rule is
 * shown by mutants.long.test.ts.
 */
import { createRaftNode } from '@mas/raft';
import { allScenarios } from './all';

test.each(allScenarios.map((scenario) => [scenario.name, scenario] as const))('%s', (_name, scenario) => {
  scenario.run(createRaftNode);
});
