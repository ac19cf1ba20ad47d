import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { type Door, root, type WorkspacePackage } from '../workspace/packages.ts';
import { type Check, type CheckRow, row } from './check.ts';

const baselineFile = join(root, 'tools', 'size-baseline.json');
const allowed = 1.05;

type Baseline = Record<string, number>;

/** The size of every door, minified and compressed; what grows unseen is found here. */
export const sizeCheck: Check = {
  name: 'size',
  about: 'bytes per door, minified; own code without dependencies, more than 5 % over tools/size-baseline.json fails',
  async run({ packages, update }) {
    const baseline = update ? {} : (JSON.parse(readFileSync(baselineFile, 'utf8')) as Baseline);
    const measured: Baseline = {};
    const rows: CheckRow[] = [];
    for (const of of packages) {
      for (const door of of.doors) {
        const own = await bundle(door, of, false);
        const all = await bundle(door, of, true);
        measured[door.specifier] = own.gzip;
        const before = update ? own.gzip : baseline[door.specifier];
        rows.push(
          row(
            [
              door.specifier,
              String(own.minified),
              String(own.gzip),
              before === undefined ? 'none' : String(before),
              before === undefined ? '' : `${((own.gzip / before - 1) * 100).toFixed(1)} %`,
              String(all.gzip),
            ],
            judge(door, own.gzip, before),
          ),
        );
      }
    }
    if (update) writeFileSync(baselineFile, `${JSON.stringify(measured, null, 2)}\n`);
    return { columns: ['door', 'own min', 'own min+gz', 'baseline', 'change', 'with core min+gz'], rows };
  },
};

function judge(door: Door, gzip: number, before: number | undefined): string | undefined {
  const how = 'if that is meant, run `npm run check -- size --update` and commit the baseline';
  if (before === undefined) return `${door.specifier} is not in the baseline; ${how}`;
  return gzip > before * allowed ? `${door.specifier} is ${gzip} bytes, was ${before}; ${how}` : undefined;
}

async function bundle(
  door: Door,
  of: WorkspacePackage,
  withCore: boolean,
): Promise<{ minified: number; gzip: number }> {
  const thirdParty = Object.keys(of.manifest.dependencies ?? {}).filter((name) => !name.startsWith('@wirewright/'));
  const { outputFiles } = await build({
    entryPoints: [door.code],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    legalComments: 'none',
    external: withCore ? thirdParty : ['@wirewright/*', ...thirdParty],
    absWorkingDir: of.folder,
    logLevel: 'silent',
  });
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  return { minified: code.length, gzip: gzipSync(code, { level: 9 }).length };
}
