import { describe, expect, it } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { metricCatalogue, metricNames } from './metric-catalogue.js';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

interface Rule {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook: string };
}

interface Panel {
  title: string;
  targets?: { expr: string; datasource: { uid: string } }[];
}

const rules = (parse(read('deploy/prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules: all }) => all);
const dashboards = globSync('deploy/grafana/dashboards/*.json', { cwd: root }).map((path) => ({
  path,
  panels: (JSON.parse(read(path)) as { panels: Panel[] }).panels,
}));
const expressions = [
  ...rules.map(({ alert, expr }): [where: string, expr: string] => [`alert ${alert}`, expr]),
  ...dashboards.flatMap(({ path, panels }) =>
    panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }): [string, string] => [`${path}: ${title}`, expr])),
  ),
];

/** The metrics that an expression names, as they are in the catalogue. */
function metricsIn(expr: string): string[] {
  return [...expr.matchAll(/\btongbao_[a-z_]+/g)].map(([name]) => {
    const histogram = name.replace(/_(bucket|count|sum)$/, '');
    return metricNames.some((known) => known === histogram && metricCatalogue[known].type === 'histogram') ? histogram : name;
  });
}

/** Of a target by Prometheus and by prometheus.yml, and of a histogram's buckets. */
const everywhere = ['instance', 'job', 'process', 'le'];
const labelsOf = (name: string): readonly string[] =>
  metricNames.filter((known) => known === name).flatMap((known) => [...metricCatalogue[known].labels]);

/** Labels that an expression selects or groups by. */
function labelsIn(expr: string): string[] {
  const selected = [...expr.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = '']) => label);
  const grouped = [...expr.matchAll(/\bby\s*\(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(',').map((label) => label.trim()));
  return [...selected, ...grouped].filter((label) => label !== '');
}

/** As GitHub makes the anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');

describe('dashboards and alert rules', () => {
  it('are there', () => {
    expect(rules.length).toBeGreaterThan(20);
    expect(dashboards.length).toBeGreaterThanOrEqual(2);
    expect(expressions.length).toBeGreaterThan(60);
  });

  it.each(expressions)('%s asks for metrics that exist, by labels that they have', (_, expr) => {
    const names = metricsIn(expr);
    for (const name of names) expect(metricNames).toContain(name);
    const labels = [...everywhere, ...names.flatMap(labelsOf)];
    for (const label of labelsIn(expr)) expect(labels).toContain(label);
  });

  it('show every metric of the hub', () => {
    const shown = new Set(expressions.flatMap(([, expr]) => metricsIn(expr)));
    expect(metricNames.filter((name) => !shown.has(name))).toEqual([]);
  });

  it('ask data sources that are provisioned', () => {
    const provisioned = parse(read('deploy/grafana/provisioning/datasources/tongbao.yml')) as { datasources: { uid: string }[] };
    const known = provisioned.datasources.map(({ uid }) => uid);
    for (const { panels } of dashboards)
      for (const { targets = [] } of panels) for (const { datasource } of targets) expect(known).toContain(datasource.uid);
  });

  const headings = new Set([...read('docs/operations.md').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading)));
  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s says what is the matter, how urgent it is, and where to read what to do',
    (_, rule) => {
      const { labels, annotations } = rule;
      expect(['page', 'ticket']).toContain(labels.severity);
      expect(annotations.summary.length).toBeGreaterThan(10);
      expect(annotations.description.length).toBeGreaterThan(10);
      const [document, anchor] = annotations.runbook.split('#');
      expect(document).toBe('docs/operations.md');
      expect(headings).toContain(anchor);
    },
  );

  it('have a test of each alert that fires', () => {
    const suite = parse(read('deploy/prometheus/alerts.test.yml')) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
    };
    const cases = suite.tests.flatMap(({ alert_rule_test: all }) => all);
    const fired = new Set(cases.filter(({ exp_alerts: expected }) => expected.length > 0).map(({ alertname }) => alertname));
    expect([...fired].sort()).toEqual(rules.map(({ alert }) => alert).sort());
  });
});

describe('docs/telemetry.md', () => {
  it('lists every metric as the code has it', () => {
    const lines = read('docs/telemetry.md').split('\n');
    const listed = lines.filter((line) => line.startsWith('| `tongbao_'));
    const expected = metricNames.map((name) => {
      const { type, labels, help } = metricCatalogue[name];
      return `| \`${name}\` | ${type} | ${labels.join(', ')} | ${help} |`;
    });
    expect(listed).toEqual(expected);
  });
});
