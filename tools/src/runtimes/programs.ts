/** What is run on each runtime: conformance suites and README programs, compiled against the packed packages. */

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command } from '../checks/command.ts';
import type { Consumer } from '../checks/consumer.ts';
import { findPages } from '../checks/readme/pages.ts';
import { writeProject } from '../checks/readme/project.ts';
import { runProgram } from '../checks/readme/run.ts';
import { compile, newest, nodeTypes } from '../checks/typescript.ts';
import type { WorkspacePackage } from '../workspace/packages.ts';
import type { Result } from './harness.ts';

/** A row of the table. */
export interface Program {
  /** Of the package. */
  readonly id: string;
  readonly title: string;
  run(runtime: string): Outcome;
}

export interface Outcome {
  readonly passed: number;
  /** What failed, with what was printed about it. */
  readonly failed: readonly string[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  /** `Bun 1.4.5`, where the program asks. */
  readonly runtime?: string;
}

const timeoutMs = 600_000;

/** @throws Error when something does not compile */
export function writePrograms(packages: readonly WorkspacePackage[], consumer: Consumer): Program[] {
  const programs = [...writeSuites(packages, consumer), ...writeReadmes(packages, consumer)];
  return packages.flatMap(({ id }) => programs.filter((program) => program.id === id));
}

/** Every `packages/<id>/test/conformance/*.suite.ts`, with what it imports of `test` and `examples`. */
function writeSuites(packages: readonly WorkspacePackage[], consumer: Consumer): Program[] {
  const folder = consumer.subfolder('conformance');
  const suites = packages.flatMap(({ id, folder: from }) => {
    const names = suitesBelow(from);
    if (names.length > 0) copySources(from, join(folder, id));
    return names.map((name) => ({ id, file: join(folder, id, 'test', 'conformance', name) }));
  });
  const options = { ...nodeTypes, lib: ['ES2023', 'DOM', 'ESNext.Disposable'], target: 'ES2022', skipLibCheck: true };
  const extensions = { rewriteRelativeImportExtensions: true };
  const { status, output } = compile(
    newest,
    folder,
    { ...options, ...extensions },
    [],
    suites.map(({ file }) => file),
  );
  if (status !== 0) throw new Error(`the conformance suites do not compile against the packages:\n${output}`);
  const harness = join(folder, 'harness.mjs');
  cpSync(fileURLToPath(new URL('./harness.js', import.meta.url)), harness);
  return suites.map(({ id, file }) => ({
    id,
    title: titleOf(file),
    run: (runtime) => runSuite(runtime, harness, file.replace(/\.ts$/, '.js')),
  }));
}

function suitesBelow(folder: string): string[] {
  const place = join(folder, 'test', 'conformance');
  return existsSync(place)
    ? readdirSync(place)
        .filter((name) => name.endsWith('.suite.ts'))
        .sort()
    : [];
}

function copySources(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of ['test', 'examples']) {
    if (!existsSync(join(from, name))) continue;
    cpSync(join(from, name), join(to, name), { recursive: true, filter: (path) => !path.endsWith('.test.ts') });
  }
}

/** Read rather than asked, so that a program which cannot be loaded has a name. */
function titleOf(file: string): string {
  return /^export const title = '(.+)';$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? basename(file);
}

function runSuite(runtime: string, harness: string, file: string): Outcome {
  const [executable = process.execPath, ...args] = runtime.split(' ');
  const { status, stdout, output, timedOut } = command(executable, [...args, harness, file], {
    cwd: join(file, '..'),
    timeoutMs,
  });
  const line = /^result: (.*)$/m.exec(stdout)?.[1];
  const result = line === undefined ? undefined : (JSON.parse(line) as Result);
  const { passed = 0, failed = [], skipped = [] } = result ?? {};
  const asked = result === undefined ? {} : { runtime: result.runtime };
  if (timedOut)
    return { passed, failed: [`it did not end within ${timeoutMs / 1000} s\n${output}`], skipped, ...asked };
  if (status === 0 && result) return { passed, failed, skipped, ...asked };
  return {
    passed,
    failed: failed.length > 0 ? explain(failed, output) : [`exit code ${status}\n${output}`],
    skipped,
    ...asked,
  };
}

/** Puts what the harness has printed about a case behind its name. */
function explain(failed: readonly string[], output: string): string[] {
  const blocks = output.split(/^(?=not ok |ok |# |\d+ passed)/m).filter((block) => block.startsWith('not ok '));
  return failed.map((name, i) => blocks[i]?.trim() ?? name);
}

/** One row for each package whose pages have programs that are marked `run`. */
function writeReadmes(packages: readonly WorkspacePackage[], consumer: Consumer): Program[] {
  const pages = findPages(packages);
  const { programs, errors } = writeProject(consumer.subfolder('readme'), pages);
  if (errors !== '') throw new Error(`the code of the READMEs does not compile against the packages:\n${errors}`);
  return packages.flatMap(({ id }) => {
    const marked = programs.filter(({ at, runs }) => runs && at.startsWith(`packages/${id}/`));
    if (marked.length === 0) return [];
    const run = (runtime: string): Outcome => {
      const problems = marked.map((program) => [program.at, runProgram(runtime, program)] as const);
      const failed = problems.flatMap(([at, problem]) => (problem === undefined ? [] : [`${at}: ${problem}`]));
      return { passed: marked.length - failed.length, failed, skipped: [] };
    };
    return [{ id, title: `${id}: programs of README and docs`, run }];
  });
}
