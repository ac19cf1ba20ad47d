import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkspacePackage } from '../workspace/packages.ts';
import { mustRun } from './command.ts';

/**
 * A project outside the repository into which npm has installed packed tarballs, as a user would: no source
 * condition, no symbolic links, no `@types/node`, no `node_modules` further up.
 */
export interface Consumer {
  readonly folder: string;
  /** The tarball of each package, by its name. */
  readonly tarballs: ReadonlyMap<string, string>;
  /** Where npm has put a package. */
  installed(name: string): string;
  /** A new empty folder inside the project, from which the packages resolve. */
  subfolder(name: string): string;
}

/** Packs the packages with pnpm (npm would leave `workspace:` in the manifests) and installs them with npm. */
export function makeConsumer(packages: readonly WorkspacePackage[]): Consumer {
  const folder = mkdtempSync(join(tmpdir(), 'wirewright-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const tarballs = pack(packages, join(folder, 'tarballs'));
  install(folder, [...tarballs.values()]);
  return {
    folder,
    tarballs,
    installed: (name) => join(folder, 'node_modules', name),
    subfolder: (name) => {
      const path = join(folder, name);
      rmSync(path, { recursive: true, force: true });
      mkdirSync(path, { recursive: true });
      return path;
    },
  };
}

function pack(packages: readonly WorkspacePackage[], destination: string): Map<string, string> {
  mkdirSync(destination, { recursive: true });
  const tarballs = new Map<string, string>();
  for (const { id, name, folder, manifest } of packages) {
    mustRun('pnpm', ['pack', '--pack-destination', destination], { cwd: folder });
    tarballs.set(name, join(destination, `wirewright-${id}-${manifest.version}.tgz`));
  }
  return tarballs;
}

/** Makes an empty project of the folder and installs tarballs there. */
export function install(folder: string, tarballs: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const options = ['--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', '--loglevel=error'];
  mustRun('npm', ['install', ...options, ...tarballs], { cwd: folder });
}
