import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, type WorkspacePackage } from '../../workspace/packages.ts';
import { findPrograms, type Program } from './programs.ts';

/** One Markdown page and the programs in it. */
export interface Page {
  /** From the root of the repository: `packages/lensdb/README.md`. */
  readonly path: string;
  /** The package that it belongs to; none for the root's. */
  readonly of: WorkspacePackage | undefined;
  readonly programs: readonly Program[];
}

/** The pages whose code is held to the promise that it works: READMEs and `docs/`. */
export function findPages(packages: readonly WorkspacePackage[]): Page[] {
  return [
    ...pagesBelow(root, '', undefined),
    ...packages.flatMap((of) => pagesBelow(of.folder, `packages/${of.id}/`, of)),
  ];
}

/** The program that a package's README begins with. */
export function firstProgram(of: WorkspacePackage): Program | undefined {
  return findPages([of]).find((page) => page.of === of)?.programs[0];
}

function pagesBelow(folder: string, prefix: string, of: WorkspacePackage | undefined): Page[] {
  const docs = join(folder, 'docs');
  const names = existsSync(docs) ? readdirSync(docs).filter((name) => name.endsWith('.md')) : [];
  return ['README.md', ...names.sort().map((name) => `docs/${name}`)]
    .filter((name) => existsSync(join(folder, name)))
    .map((name) => {
      const path = prefix + name;
      return { path, of, programs: findPrograms(readFileSync(join(folder, name), 'utf8'), path) };
    });
}
