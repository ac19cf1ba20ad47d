/**
 * The JavaScript of a package, run in its folder after `tsc -b` has written the declarations: one file per door, and
 * one for what doors share, straight from the sources. With a file per module, importing a client takes three times
 * as long and half as much memory again (`npm run check -- import`).
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { rolldown } from 'rolldown';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const sources = Object.values(exports).map((conditions) => conditions['@wirewright/source']);
const doors = sources.map((source) => [source.replace(/^\.\/src\/|\.ts$/g, ''), source]);

// The names of chunks change with their contents; the old ones would be published too.
for (const file of readdirSync('dist', { recursive: true })) {
  if (/\.js(\.map)?$/.test(file)) rmSync(join('dist', file));
}

const bundle = await rolldown({
  input: Object.fromEntries(doors),
  platform: 'neutral',
  external: (id) => !id.startsWith('.') && !isAbsolute(id),
  transform: { target: 'node20.19' },
});
await bundle.write({
  dir: 'dist',
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
  // Left alone, what any two doors share is a file: opening it costs more than what it holds.
  codeSplitting: { groups: [{ name: 'shared', minShareCount: 2 }] },
  sourcemap: true,
  // The sources are in the package, beside `dist`.
  sourcemapExcludeSources: true,
});
await bundle.close();
