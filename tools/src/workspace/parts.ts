import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { WorkspacePackage } from './packages.ts';

/** The folders of a package that are compiled but never published. */
export type PartKind = 'bench' | 'demo' | 'soak' | 'fuzz';

/**
 * Imports `packages/<id>/<kind>/index.ts` as built: what a client brings to one of the tools. So a new client
 * needs its own folder only, and the tools know no client.
 *
 * @returns the module, or `null` when the package has no such part.
 */
export async function loadPart(of: WorkspacePackage, kind: PartKind): Promise<unknown> {
  if (!existsSync(join(of.folder, kind, 'index.ts'))) return null;
  const built = join(of.folder, '.tmp', 'parts', kind, 'index.js');
  return (await import(pathToFileURL(built).href)) as unknown;
}
