/** What deploy/ has for Prometheus and Grafana: by Prometheus's own tool, of metrics that exist, and each alert leads to what is to be done about it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promtool } from '@mas/test-servers';
import { ALL_METRICS } from './testing/metrics-table';

const ROOT = resolve(__dirname, '../../..');
const RULES = join(ROOT, 'deploy/prometheus/alerts.yml');
const TESTS = join(ROOT, 'deploy/prometheus/alerts.test.yml');
const DASHBOARD = join(ROOT, 'deploy/grafana/mini-account-system.json');

const ruleText = readFileSync(RULES, 'utf8');
const alerts = ruleText.split(/^ *- alert: /m).slice(1);
const dashboard = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as { readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[] };
const expressions = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '1m')));

test('promtool takes the configuration and the rules, and each rule does what its test says', () => {
  expect(promtool('check', 'config', join(ROOT, 'deploy/prometheus/prometheus.yml'))).toContain('SUCCESS');
  expect(promtool('test', 'rules', TESTS)).toContain('SUCCESS');
  const tested = readFileSync(TESTS, 'utf8');
  for (const alert of alerts) expect(tested).toContain(`  - name: ${alert.split('\n')[0] ?? ''}\n`);
});

test('each alert has a severity, says what is wrong, and names its section of the runbooks, which names the alert', () => {
  const runbooks = readFileSync(join(ROOT, 'docs/runbooks.md'), 'utf8');
  const sections = new Map(runbooks.split(/^## /m).map((section) => [anchorOf(section.split('\n')[0] ?? ''), section]));
  expect(alerts.length).toBeGreaterThan(15);
  for (const alert of alerts) {
    const name = alert.split('\n')[0] ?? '';
    expect(alert).toMatch(/severity: (?:critical|warning)$/m);
    expect(alert).toMatch(/^ +summary: '.+'$/m);
    const anchor = /runbook: docs\/runbooks\.md#([\w-]+)$/m.exec(alert)?.[1] ?? '';
    expect([name, sections.get(anchor)?.includes(`\`${name}\``)]).toEqual([name, true]);
  }
});

test('alerts and dashboard ask for metrics that exist, and with labels that they have', () => {
  const known = new Map(ALL_METRICS.flatMap(({ name, kind, labels }) => seriesOf(name, kind).map((series) => [series, labels] as const)));
  for (const text of [...expressions, ...alerts.map((alert) => /expr: (.*)/.exec(alert)?.[1] ?? '')]) {
    const asked = [...text.matchAll(/\b((?:mas|process|nodejs)_[a-z_]+)(?:\{([^}]*)\})?/g)];
    expect([text, asked.length > 0 || /ALERTS|\bup\b/.test(text)]).toEqual([text, true]);
    for (const [, name = '', matchers = ''] of asked) {
      expect([...known.keys()]).toContain(name);
      for (const [, label = ''] of matchers.matchAll(/(\w+)\s*(?:=~|!=|=)/g)) expect(['job', 'le', ...(known.get(name) ?? [])]).toContain(label);
    }
  }
});

test('promtool takes every expression of the dashboard', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mas-dashboard-'));
  try {
    const file = join(folder, 'dashboard.yml');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: expressions.map((expr, at) => ({ record: `panel:${at}`, expr })) }] }));
    expect(promtool('check', 'rules', file)).toContain(`${expressions.length} rules found`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function seriesOf(name: string, kind: string): readonly string[] {
  return kind === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => `${name}${suffix}`) : [name];
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}
