/** Every scenario: what etcd's traces cannot see, as stories of one replica. */
import type { Scenario } from './driver';
import { electionScenarios } from './elections';
import { proposalScenarios } from './proposals';
import { readScenarios } from './reads';
import { replicationScenarios } from './replication';
import { storageScenarios } from './storage';

export const allScenarios: readonly Scenario[] = [...electionScenarios, ...replicationScenarios, ...storageScenarios, ...readScenarios, ...proposalScenarios];
