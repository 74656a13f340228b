/**
 * One Jest configuration, three projects chosen by path: unit tests beside the code, integration tests
 * (*.integration.test.ts: real servers and processes), long ones (*.long.test.ts: npm run test:long only).
 */
const path = require('node:path');

// Processes under test take free ports; that which metrics would take by default may be somebody's.
process.env.MAS_METRICS_LISTEN ??= 'none';

const root = path.resolve(__dirname, '../..');
const kind = process.env.MAS_TEST_KIND ?? 'unit';
const patterns = {
  unit: ['<rootDir>/packages/*/src/**/!(*.integration|*.long).test.ts'],
  integration: ['<rootDir>/packages/*/src/**/*.integration.test.ts'],
  long: ['<rootDir>/packages/*/src/**/*.long.test.ts'],
};

module.exports = {
  rootDir: root,
  testEnvironment: kind === 'integration' ? path.join(__dirname, 'left-open-environment.cjs') : 'node',
  testMatch: patterns[kind],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' }, sourceMaps: 'inline' }],
  },
  moduleNameMapper: {
    '^@mas/([^/]+)/internals/(.+)$': '<rootDir>/packages/$1/src/$2',
    '^@mas/testkit/([^/]+)$': '<rootDir>/packages/testkit/src/$1/index.ts',
    '^@mas/([^/]+)$': '<rootDir>/packages/$1/src/index.ts',
  },
  modulePathIgnorePatterns: ['<rootDir>/packages/.*/dist/'],
  // Only what hangs is ended by these: a machine may be as busy as it likes.
  testTimeout: kind === 'unit' ? 300_000 : 900_000,
  cacheDirectory: path.join(root, 'node_modules/.cache/jest'),
};
