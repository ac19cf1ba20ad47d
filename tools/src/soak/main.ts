/**
 * `npm run soak -- <package> [--operations N] [--faults P] [--seed S] [--json]`: a long run under faults.
 *
 * Exits with 0 when every rule held, 1 when one was broken, 2 for wrong arguments, 3 when the package has no soak.
 */

import { findPackage } from '../workspace/index.ts';
import { compareHalves, type HeapReport, type HeapSample, measureHeap } from './heap.ts';
import { findLeftovers, takeInventory } from './leftovers.ts';
import { readOptions, type SoakOptions, usage } from './options.ts';
import { formatReport, type SoakReport } from './report.ts';
import { Rule, type RuleReport } from './rules.ts';
import { loadSoak, type Soak } from './soak.ts';
import { readOrExplain } from '../command-line/read-or-explain.ts';

const say = (line: string): void => console.error(line);

/** Half to half. */
const mostGrowth = 0.05;
/** In a shorter run, the code that V8 compiles on the way is most of what is added. */
const judgedFrom = 500_000;
/** Buffers come in pieces of kilobytes: less than this is no growth. */
const bufferSlackBytes = 256 * 1024;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const options = readOrExplain(args, readOptions, usage, say);
  if (!options) return 2;
  const soak = await loadSoak(findPackage(options.package));
  if (!soak) {
    say(`packages/${options.package} has no soak/index.ts: there is nothing to run`);
    return 3;
  }
  say(`${options.operations} operations, ${options.faults * 100} % of them with a fault, seed ${options.seed}`);
  const report = await run(soak, options);
  if (options.json) {
    say(formatReport(report));
    console.log(JSON.stringify(report));
  } else {
    console.log(formatReport(report));
  }
  return report.violations === 0 ? 0 : 1;
}

async function run(soak: Soak, options: SoakOptions): Promise<SoakReport> {
  const { operations, faults, seed } = options;
  const samples: HeapSample[] = [];
  const before = takeInventory();
  const startedAt = performance.now();
  const result = await soak.run({
    operations,
    faults,
    seed,
    say,
    sampleHeap: async () => void samples.push(await measureHeap()),
  });
  const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(1));
  const heap = compareHalves(samples);
  const rules = [...result.rules, ...heapRules(heap, result.operations), await leftoversRule(before)];
  return {
    package: options.package,
    server: result.server,
    operations: result.operations,
    faults,
    seed,
    seconds,
    figures: result.figures,
    heap,
    rules,
    violations: rules.reduce((sum, { violations }) => sum + violations, 0),
  };
}

function heapRules(heap: HeapReport, operations: number): RuleReport[] {
  if (operations < judgedFrom) {
    say(`the heap is not judged: only from ${judgedFrom} operations on it says something`);
    return [];
  }
  const used = new Rule(`the heap holds as much in the second half as in the first, within ${mostGrowth * 100} %`);
  used.check(
    heap.samples.length >= 4 && heap.growth <= mostGrowth,
    () => `samples of ${heap.samples.join(', ')} bytes`,
  );
  const { firstHalfBytes, secondHalfBytes } = heap.buffers;
  const buffers = new Rule('so do the array buffers outside of it');
  buffers.check(
    secondHalfBytes <= firstHalfBytes * (1 + mostGrowth) + bufferSlackBytes,
    () => `${firstHalfBytes} bytes, then ${secondHalfBytes}`,
  );
  return [used.report(), buffers.report()];
}

async function leftoversRule(before: ReturnType<typeof takeInventory>): Promise<RuleReport> {
  const rule = new Rule('no handle and no listener is left in the process after close()');
  const left = await findLeftovers(before);
  rule.check(left.length === 0, () => left.join(', '));
  return rule.report();
}
