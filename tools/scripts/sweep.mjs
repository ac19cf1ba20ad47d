/**
 * Deletes what was built from sources that are gone. The compiler never does, and a leftover would be packed,
 * published and found by imports that fail elsewhere.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageNames, root } from './common.mjs';

const built = /\.(js|d\.ts)(\.map)?$/;

export function sweep() {
  for (const folder of ['tools', ...packageNames().map((name) => join('packages', name))]) {
    const dist = join(root, folder, 'dist');
    if (!existsSync(dist)) continue;
    for (const file of readdirSync(dist, { recursive: true })) {
      const source = join(root, folder, 'src', file.replace(built, '.ts'));
      if (built.test(file) && !existsSync(source)) rmSync(join(dist, file));
    }
  }
}
