/**
 * Runs a program of conformance cases on whatever runtime this is, without a test runner:
 *
 *     <runtime> harness.js <absolute path of a compiled *.suite.js>
 *
 * It prints a line per case as TAP does, then `N passed, N failed, N skipped`, then a line of JSON that says the same
 * to programs. It has to end by itself: what a suite leaves open keeps it alive.
 */

import { pathToFileURL } from 'node:url';

/** What `*.suite.ts` of a package exports, beside `title`, the name of its row. */
interface SuiteModule {
  readonly suites: readonly Suite[];
}

interface Suite {
  readonly name: string;
  readonly skip?: string | undefined;
  readonly cases: readonly Case[];
  open?(): Promise<void>;
  close?(): Promise<void>;
}

interface Case {
  readonly name: string;
  readonly skip?: string | undefined;
  run(): Promise<unknown>;
}

/** The last line of the output, behind `result: `. */
export interface Result {
  /** `Bun 1.4.5`. */
  readonly runtime: string;
  readonly passed: number;
  readonly failed: readonly string[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

/** A case that takes longer hangs. It is not ended, so that the process is, with code 1. */
const caseLimitMs = 60_000;

const passed: string[] = [];
const failed: string[] = [];
const skipped: { name: string; reason: string }[] = [];
let hangs = false;

function report(kind: 'ok' | 'not ok', name: string, directive = ''): void {
  const number = passed.length + failed.length + skipped.length;
  console.log(`${kind} ${number} - ${name.replaceAll('#', '\\#')}${directive}`);
}

function skip(name: string, reason: string): void {
  skipped.push({ name, reason });
  report('ok', name, ` # SKIP ${reason}`);
}

function fail(name: string, error: unknown): void {
  failed.push(name);
  process.exitCode = 1;
  report('not ok', name);
  const text = error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error);
  for (const line of text.split('\n')) console.log(`  ${line}`);
}

/** As `promise`, unless that takes too long. */
async function limited<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      hangs = true;
      reject(new Error(`it did not settle within ${caseLimitMs / 1000} s`));
    }, caseLimitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

async function runCase(suite: string, { name, skip: reason, run }: Case): Promise<void> {
  const fullName = `${suite}: ${name}`;
  if (reason !== undefined) return skip(fullName, reason);
  try {
    if ((await limited(run())) === 'inapplicable') return;
    passed.push(fullName);
    report('ok', fullName);
  } catch (error) {
    fail(fullName, error);
  }
}

async function runSuite({ name, skip: reason, cases, open, close }: Suite): Promise<void> {
  console.log(`# ${name}`);
  if (reason !== undefined) return skip(name, reason);
  try {
    await open?.();
    for (const each of cases) await runCase(name, each);
    await close?.();
  } catch (error) {
    fail(`${name}: as a whole`, error);
  }
}

function runtimeName(): string {
  const { bun, deno, node } = process.versions as Record<string, string | undefined>;
  return bun ? `Bun ${bun}` : deno ? `Deno ${deno}` : `Node ${node ?? '?'}`;
}

const { suites } = (await import(pathToFileURL(process.argv[2] ?? '').href)) as SuiteModule;

for (const [event, what] of [
  ['uncaughtException', 'an uncaught error'],
  ['unhandledRejection', 'an unhandled rejection'],
] as const) {
  process.on(event, (error: unknown) => fail(what, error));
}
for (const suite of suites) await runSuite(suite);

const result: Result = { runtime: runtimeName(), passed: passed.length, failed, skipped };
console.log(`${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`);
console.log(`result: ${JSON.stringify(result)}`);
if (hangs) process.exit(1);
