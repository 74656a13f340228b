/**
 * Lint rules: the floors (imports point down only), purity of the cores, no cycles, and the strict TypeScript rules.
 * A package may import only from lower floors; `index.ts` of a package is its only door. The testkit has a door per port, and
 * nothing that runs in production knows it, a private server, or a file of tests.
 */
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import importX, { createNodeResolver } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const FLOORS = [
  ['values'],
  ['raft', 'ledger', 'placement', 'two-phase-commit', 'membership', 'health'],
  ['multi-raft', 'routing', 'resource-manager', 'global-lock', 'transaction-coordinator'],
  ['rpc', 'client', 'console', 'gateway', 'raft-log', 'sql-store', 'redis-store', 'metrics', 'tracing', 'backup'],
  ['bin', 'auditor', 'simulation', 'e2e', 'bench', 'raft-proof', 'model-proof'],
];
/** Downward within one floor: who builds on whom. */
const SAME_FLOOR = {
  'two-phase-commit': ['ledger', 'placement', 'membership', 'health'],
  placement: ['membership', 'health'],
  'resource-manager': ['multi-raft', 'routing'],
  'transaction-coordinator': ['global-lock', 'routing'],
  client: ['rpc'],
  console: ['rpc', 'client'],
  gateway: ['rpc', 'client'],
  simulation: ['bin', 'auditor'],
  e2e: ['bin', 'auditor'],
  bench: ['bin', 'e2e'],
};
const CORES = ['values', 'raft', 'ledger', 'placement', 'two-phase-commit', 'membership', 'health'];
/** What no image holds: it may use doubles. */
const NOT_PRODUCTION = ['auditor', 'simulation', 'e2e', 'bench', 'raft-proof', 'model-proof'];
const floorOf = (name) => FLOORS.findIndex((floor) => floor.includes(name));
const PACKAGES = FLOORS.flat();
/** Neither built nor in a package's index; tsconfig.tests.json checks them. */
const TESTS = ['**/*.test.ts', '**/testing/**', '**/contract/**'];
const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const ONE_DOOR = { group: ['@mas/*/*', '!@mas/testkit/*'], message: 'Import a package through its index only.' };
const NO_TESTS = {
  group: ['**/testing', '**/testing/*', '**/contract', '**/contract/*', '**/*.test', '@mas/testkit', '@mas/testkit/*', '@mas/test-servers'],
  message: 'What runs in production knows nothing of tests.',
};

function allowed(name) {
  return PACKAGES.filter((other) => floorOf(other) < floorOf(name) || SAME_FLOOR[name]?.includes(other));
}

function floorRule(name, tests) {
  const forbidden = PACKAGES.filter((other) => other !== name && !(tests || floorOf(name) === 4) && !allowed(name).includes(other));
  return [
    'error',
    {
      paths: forbidden.map((other) => ({
        name: `@mas/${other}`,
        message: `${name} (floor ${floorOf(name)}) may not import ${other}: imports point down only.`,
      })),
      patterns: [
        ...(name === 'raft-proof' ? [] : [ONE_DOOR]),
        ...(NOT_PRODUCTION.includes(name) ? [] : [NO_TESTS]),
        ...(CORES.includes(name) && !tests
          ? [{ group: ['node:*', 'fs', 'crypto', 'events', 'util', 'path'], message: 'A core imports no platform module.' }]
          : []),
      ],
    },
  ];
}

/** `values` holds the Clock port and its one promise helper; the machines above it hold none. */
const coreBans = (name) => ({
  'no-restricted-globals': [
    'error',
    'setTimeout',
    'setInterval',
    'setImmediate',
    'queueMicrotask',
    'process',
    'Buffer',
    'console',
    'performance',
    ...(name === 'values' ? [] : ['Promise']),
  ].concat(['Date'].map((name) => ({ name, message: 'A core sees no clock.' }))),
  'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'Randomness enters as a seeded source.' }],
  'no-restricted-syntax': [
    'error',
    { selector: ':function[async=true]', message: 'A core is synchronous.' },
    { selector: 'AwaitExpression', message: 'A core is synchronous.' },
  ],
});

export default tseslint.config(
  { ignores: ['**/dist/**', '**/generated/**', '**/node_modules/**', '**/*.mjs', '**/*.cjs'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true } },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts'] })],
      'import-x/extensions': ['.ts'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
    },
    rules: {
      'import-x/no-cycle': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'prefer-const': 'error',
      eqeqeq: 'error',
    },
  },
  ...PACKAGES.map((name) => ({ files: [`packages/${name}/src/**/*.ts`], ignores: TESTS, rules: { 'no-restricted-imports': floorRule(name, false) } })),
  ...CORES.map((name) => ({ files: [`packages/${name}/src/**/*.ts`], ignores: TESTS, rules: coreBans(name) })),
  {
    files: TESTS,
    languageOptions: { parserOptions: { projectService: false, project: ['tsconfig.tests.json'], tsconfigRootDir: root } },
  },
  {
    files: [...TESTS, 'packages/testkit/src/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off', 'no-restricted-imports': ['error', { patterns: [ONE_DOOR] }] },
  },
  // A double of the SQL store keeps the limits and the order of its rows.
  {
    files: ['packages/testkit/src/applied-store/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ ...ONE_DOOR, group: [...ONE_DOOR.group, '!@mas/sql-store/internals'] }] }] },
  },
);
