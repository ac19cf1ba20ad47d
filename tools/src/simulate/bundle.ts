/** The scenarios and core's sources in one file, as they are or with a mutant planted. */

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { root } from '../workspace/index.ts';
import type { Mutant } from './mutants.ts';

const coreSources = join(root, 'packages', 'core', 'src');

/** @returns the file to load */
export async function bundle(mutant: Mutant | undefined): Promise<string> {
  const folder = join(root, '.tmp', 'simulate');
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `${mutant?.name.replaceAll(/\W+/g, '-') ?? 'as-it-is'}.mjs`);
  await build({
    entryPoints: [join(root, 'tools', 'src', 'simulate', 'entry.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@wirewright/source'],
    sourcemap: 'inline',
    logLevel: 'error',
    plugins: mutant ? [planting(mutant)] : [],
  });
  return outfile;
}

/** Replaces what a mutant names. A rule that has moved is an error: a mutant that changes nothing would never be found. */
function planting(mutant: Mutant): Plugin {
  return {
    name: 'mutant',
    setup({ onLoad }) {
      for (const { file, find } of mutant.edits) {
        const path = join(coreSources, file);
        const source = readFileSync(path, 'utf8');
        if (source.split(find).length !== 2) {
          throw new Error(`mutant "${mutant.name}": ${file} must hold this once, and does not: ${find}`);
        }
      }
      const files = new Set(mutant.edits.map(({ file }) => join(coreSources, file)));
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (!files.has(path)) return undefined;
        let contents = readFileSync(path, 'utf8');
        for (const edit of mutant.edits) {
          if (join(coreSources, edit.file) === path) contents = contents.replace(edit.find, () => edit.replace);
        }
        return { contents, loader: 'ts' };
      });
    },
  };
}
