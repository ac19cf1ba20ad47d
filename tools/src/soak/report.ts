/** The result of a soak, for machines and for people. */

import { formatTable } from '../report/table.ts';
import type { HeapReport } from './heap.ts';
import type { RuleReport } from './rules.ts';

export interface SoakReport {
  readonly package: string;
  readonly server: string;
  readonly operations: number;
  readonly faults: number;
  readonly seed: number;
  readonly seconds: number;
  readonly figures: Readonly<Record<string, number>>;
  readonly heap: HeapReport;
  readonly rules: readonly RuleReport[];
  readonly violations: number;
}

export function formatReport(report: SoakReport): string {
  const { heap } = report;
  const figures = Object.entries(report.figures).map(([name, value]) => [name, number(value)]);
  const rules = report.rules.map(({ rule, checked, violations }) => [
    violations === 0 ? 'ok' : 'NO',
    rule,
    number(checked),
    number(violations),
  ]);
  const examples = report.rules.flatMap(({ rule, examples: broken }) => broken.map((each) => `  ${rule}: ${each}`));
  return [
    formatTable(['counted', ''], figures),
    '',
    formatTable(
      ['memory after collection', 'first half', 'second half', 'growth'],
      [
        ['heap', kilobytes(heap.firstHalfBytes), kilobytes(heap.secondHalfBytes), percent(heap.growth)],
        ['array buffers', kilobytes(heap.buffers.firstHalfBytes), kilobytes(heap.buffers.secondHalfBytes), ''],
      ],
    ),
    '',
    formatTable(['', 'what was verified', 'looked at', 'violations'], rules),
    ...(examples.length > 0 ? ['', 'Violations (some of each rule):', ...examples] : []),
    '',
    `${number(report.operations)} operations in ${report.seconds} s against ${report.server}, seed ${report.seed}: ` +
      `${number(report.violations)} violations`,
  ].join('\n');
}

function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 });
}

function kilobytes(bytes: number): string {
  return `${number(Math.round(bytes / 1024))} KiB`;
}

function percent(share: number): string {
  return `${share >= 0 ? '+' : ''}${(share * 100).toFixed(2)} %`;
}
