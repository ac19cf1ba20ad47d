import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Check, type CheckRow, row } from './check.ts';
import { mustRun } from './command.ts';

const pairs = 9;
const barMs = 30;
const barBytes = 10 * 1024 * 1024;

interface Sample {
  readonly ms: number;
  /** Processor time, which a busy machine changes less than the time that passes. */
  readonly cpuMs: number;
  readonly rss: number;
}

/** What importing a client costs over bare Node: medians of interleaved pairs of processes. */
export const importCostCheck: Check = {
  name: 'import',
  about: `time and memory of importing each package over bare Node, median of ${pairs} pairs; bar 30 ms (fails with --strict) and 10 MB`,
  async run({ packages, consumer, strict }) {
    const folder = consumer().subfolder('import-cost');
    const bare = probe(folder, 'bare', '');
    const rows: CheckRow[] = [];
    for (const { id, name } of packages) {
      const file = probe(folder, id, `await import('${name}');`);
      const samples = Array.from({ length: pairs }, () => difference(sample(folder, bare), sample(folder, file)));
      const ms = median(samples.map((one) => one.ms));
      const cpuMs = median(samples.map((one) => one.cpuMs));
      const rss = median(samples.map((one) => one.rss));
      const cells = [name, `${ms.toFixed(1)} ms`, `${cpuMs.toFixed(1)} ms`, `${(rss / 1e6).toFixed(1)} MB`];
      rows.push(row([...cells, mark(ms, rss)], judge(ms, rss, strict)));
    }
    return { columns: ['package', 'time', 'processor', 'memory', 'within the bar'], rows };
  },
};

function mark(ms: number, rss: number): string {
  return ms <= barMs && rss <= barBytes ? 'yes' : 'NO';
}

function judge(ms: number, rss: number, strict: boolean): string | undefined {
  if (rss > barBytes) return 'memory is over 10 MB: load what is heavy on first use';
  if (strict && ms > barMs) return 'the import takes over 30 ms: load what is heavy on first use';
  return undefined;
}

function probe(folder: string, name: string, statement: string): string {
  const file = join(folder, `${name}.mjs`);
  const lines = [
    'const [start, before] = [performance.now(), process.cpuUsage()];',
    statement,
    'const { user, system } = process.cpuUsage(before);',
    'const [ms, cpuMs] = [performance.now() - start, (user + system) / 1000];',
    'console.log(JSON.stringify({ ms, cpuMs, rss: process.memoryUsage.rss() }));',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

function sample(folder: string, file: string): Sample {
  return JSON.parse(mustRun(process.execPath, [file], { cwd: folder }).stdout) as Sample;
}

function difference(bare: Sample, loaded: Sample): Sample {
  return { ms: loaded.ms - bare.ms, cpuMs: loaded.cpuMs - bare.cpuMs, rss: loaded.rss - bare.rss };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
