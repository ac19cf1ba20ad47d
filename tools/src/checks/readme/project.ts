import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkspacePackage } from '../../workspace/packages.ts';
import { compile, newest, nodeTypes } from '../typescript.ts';
import type { Page } from './pages.ts';
import type { Program } from './programs.ts';

/** A program on its way to be run. */
export interface Written {
  /** `packages/lensdb/README.md:12`. */
  readonly at: string;
  readonly runs: boolean;
  /** The compiled program. */
  readonly file: string;
  /** The compiled `test/readme.ts` of the package, which starts a server; none when there is no such file. */
  readonly setup: string | undefined;
}

export interface Project {
  readonly programs: readonly Written[];
  /** What the compiler said; empty when everything compiles. */
  readonly errors: string;
}

/** Writes every program of the pages below `folder`, one directory per page, and compiles all at once. */
export function writeProject(folder: string, pages: readonly Page[]): Project {
  const programs = pages.flatMap((page) => writePage(join(folder, page.path.replaceAll('/', '-')), page));
  if (programs.length === 0) return { programs, errors: '' };
  const options = { ...nodeTypes, lib: ['ES2022', 'DOM', 'ESNext.Disposable'], skipLibCheck: true };
  const { status, output } = compile(newest, folder, options);
  return { programs, errors: status === 0 ? '' : output };
}

function writePage(folder: string, page: Page): Written[] {
  mkdirSync(folder, { recursive: true });
  const setup = page.of === undefined ? undefined : copySetup(page.of, folder);
  return page.programs.map((program) => writeProgram(folder, page, program, setup));
}

function writeProgram(folder: string, page: Page, { line, code, runs }: Program, setup: string | undefined): Written {
  // `export {}` makes a module of it, so that names of two programs do not meet.
  writeFileSync(join(folder, `line${line}.ts`), `${code}\nexport {};\n`);
  return { at: `${page.path}:${line}`, runs, file: join(folder, `line${line}.js`), setup };
}

function copySetup(of: WorkspacePackage, folder: string): string | undefined {
  const source = join(of.folder, 'test', 'readme.ts');
  if (!existsSync(source)) return undefined;
  cpSync(source, join(folder, 'setup.ts'));
  return join(folder, 'setup.js');
}
