import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository; this file runs from tools/dist/workspace. */
export const root: string = fileURLToPath(new URL('../../..', import.meta.url));

type ConditionalExports = Readonly<Record<string, string>>;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly publishConfig: { readonly exports: Readonly<Record<string, ConditionalExports>> };
  /** What the release checks ask of this package alone. */
  readonly wirewright?: {
    /** Doors that run without Node: they are bundled for browsers. */
    readonly anywhere?: readonly string[];
  };
}

/** One published package of the workspace. */
export interface WorkspacePackage {
  /** `lensdb`: the folder below `packages/`. */
  readonly id: string;
  /** `@wirewright/lensdb`. */
  readonly name: string;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly doors: readonly Door[];
}

/** One entry of a package's exports map. */
export interface Door {
  /** `.`, `./testing`. */
  readonly path: string;
  /** What a user imports: `@wirewright/lensdb/testing`. */
  readonly specifier: string;
  /** Absolute paths of what was built. */
  readonly types: string;
  readonly code: string;
}

/** All published packages, in the order of their names. */
export function listPackages(): WorkspacePackage[] {
  const parent = join(root, 'packages');
  return readdirSync(parent)
    .sort()
    .filter((id) => existsSync(join(parent, id, 'package.json')))
    .map((id) => readPackage(id, join(parent, id)));
}

/** The package of that id; throws with the list of those that exist. */
export function findPackage(id: string): WorkspacePackage {
  const packages = listPackages();
  const found = packages.find((candidate) => candidate.id === id);
  if (found) return found;
  const known = packages.map((candidate) => candidate.id).join(', ');
  throw new Error(`there is no package "${id}"; the packages are ${known}`);
}

function readPackage(id: string, folder: string): WorkspacePackage {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const doors = Object.entries(manifest.publishConfig.exports).map(([path, { types, default: code }]) => {
    if (types === undefined || code === undefined) {
      throw new Error(`packages/${id}/package.json: publishConfig.exports["${path}"] needs "types" and "default"`);
    }
    return { path, specifier: manifest.name + path.slice(1), types: join(folder, types), code: join(folder, code) };
  });
  return { id, name: manifest.name, folder, manifest, doors };
}
