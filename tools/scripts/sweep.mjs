/**
 * Deletes what the compiler has written for sources that are gone. It never does so itself, and a leftover would be
 * packed, published and found by imports that fail elsewhere. (`bundle.mjs` clears the JavaScript of packages.)
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageNames, root } from './common.mjs';

const declaration = /\.d\.ts(\.map)?$/;
const compiled = /\.(js|d\.ts)(\.map)?$/;

export function sweep() {
  for (const folder of ['tools', ...packageNames().map((name) => join('packages', name))]) {
    const built = folder === 'tools' ? compiled : declaration;
    const dist = join(root, folder, 'dist');
    if (!existsSync(dist)) continue;
    for (const file of readdirSync(dist, { recursive: true })) {
      const source = join(root, folder, 'src', file.replace(built, '.ts'));
      if (built.test(file) && !existsSync(source)) rmSync(join(dist, file));
    }
  }
}
