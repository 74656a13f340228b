export { runSeed, type SeedOptions, type SeedReport } from './run-seed';
export { renderReport, verdictLine } from './report';
export { ALL_FAULTS } from './faults/nemesis';
export { MUTATIONS } from './mutations/mutations';
export type { Finding } from '@mas/auditor';
