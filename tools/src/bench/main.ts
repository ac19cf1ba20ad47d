/** `npm run bench -- <package> [--json]`: ours against the floor and against its peers. */

import { findPackage } from '../workspace/index.ts';
import { type Benchmark, caseId } from './case.ts';
import { loadBenchmark } from './load.ts';
import { type BenchOptions, isSelected, readOptions, usage } from './options.ts';
import { formatRows, legend } from './report.ts';
import type { BenchRow } from './rows.ts';
import { runCase } from './run-case.ts';
import { FoundServers } from './found-servers.ts';
import { readOrExplain } from '../command-line/read-or-explain.ts';

const said = new Set<string>();

/** For people; the same thing about every case only once. */
function say(line: string): void {
  if (said.has(line)) return;
  said.add(line);
  console.error(line);
}

process.exitCode = await main(process.argv.slice(2));

/** @returns the exit code: 0 when any row ran */
async function main(args: readonly string[]): Promise<number> {
  const options = readOrExplain(args, readOptions, usage, say);
  if (!options) return 2;
  const benchmark = await loadBenchmark(findPackage(options.package));
  if (!benchmark) {
    say(`packages/${options.package} has no bench/index.ts`);
    return 1;
  }
  const rows = await runAll(benchmark, options);
  // The byte counter is no client: it is for people.
  const document = { package: options.package, rows: rows.filter(({ client }) => client !== 'bytes') };
  const table = `\n${formatRows(rows)}\n\n${legend}`;
  if (options.json) {
    say(table);
    console.log(JSON.stringify(document, undefined, 2));
  } else {
    console.log(table);
  }
  return document.rows.length > 0 ? 0 : 1;
}

async function runAll(benchmark: Benchmark, options: BenchOptions): Promise<BenchRow[]> {
  const servers = new FoundServers(benchmark.servers, say, options.pids);
  const rows: BenchRow[] = [];
  try {
    for (const of of benchmark.cases.filter((candidate) => isSelected(candidate, options.cases))) {
      const server = await servers.get(of.server);
      if (!server) continue;
      say(`${caseId(of)} on ${server.about}`);
      try {
        rows.push(
          ...(await runCase(of, {
            package: options.package,
            server,
            rounds: of.depth === 1 ? options.pairs : options.rounds,
            sampleMs: options.seconds * 1000,
            profiled: options.profile,
            say,
          })),
        );
      } catch (error) {
        say(`${caseId(of)} is not run: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  } finally {
    await servers.stop();
  }
  return rows;
}
