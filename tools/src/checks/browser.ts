import { createContext, Script } from 'node:vm';
import { build } from 'esbuild';
import { type Check, type CheckRow, row } from './check.ts';

/** What a browser has and our code may touch while it loads. */
const webGlobals = {
  AbortController,
  AbortSignal,
  TextDecoder,
  TextEncoder,
  URL,
  performance,
  queueMicrotask,
  setTimeout,
  clearTimeout,
};

/** The doors that run anywhere, bundled for a browser and loaded in a realm that has nothing of Node. */
export const browserCheck: Check = {
  name: 'browser',
  about: 'doors listed under "wirewright.anywhere" of package.json: no node: import, and they load without Node',
  async run({ packages, consumer }) {
    const rows: CheckRow[] = [];
    for (const { name, manifest } of packages) {
      for (const door of manifest.wirewright?.anywhere ?? []) {
        rows.push(await tryDoor(name + door.slice(1), consumer().folder));
      }
    }
    return { columns: ['door', 'modules', 'bytes', 'imports of Node', 'loads'], rows };
  },
};

async function tryDoor(specifier: string, folder: string): Promise<CheckRow> {
  const nodeImports = new Set<string>();
  const result = await build({
    stdin: { contents: `import * as door from '${specifier}'; globalThis.door = door;`, resolveDir: folder },
    bundle: true,
    minify: true,
    metafile: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    logLevel: 'silent',
    plugins: [
      {
        name: 'node-imports',
        setup: (hooks) => {
          hooks.onResolve({ filter: /^node:/ }, ({ path, importer }) => {
            nodeImports.add(`${path} by ${importer.replace(folder, '')}`);
            return { path, external: true };
          });
        },
      },
    ],
  });
  const code = result.outputFiles[0]?.text ?? '';
  const failure = nodeImports.size > 0 ? [...nodeImports].join('\n') : load(code);
  const modules = Object.keys(result.metafile.inputs).length;
  const loads = failure === undefined ? 'yes' : 'no';
  return row([specifier, String(modules), String(code.length), String(nodeImports.size), loads], failure);
}

/** Runs a bundle in a bare realm; returns what went wrong. */
function load(code: string): string | undefined {
  try {
    new Script(code).runInContext(createContext({ ...webGlobals }));
    return undefined;
  } catch (error) {
    return `loading fails without Node's globals: ${String(error)}`;
  }
}
