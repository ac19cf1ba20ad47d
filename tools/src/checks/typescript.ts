import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../workspace/packages.ts';
import { command, type CommandResult } from './command.ts';

export interface Compiler {
  readonly version: string;
  readonly tsc: string;
}

/** The oldest TypeScript that the packages support, and the one that they are built with. */
export const oldest: Compiler = compiler(join(root, 'tools', 'node_modules', 'typescript-oldest'));
export const newest: Compiler = compiler(join(root, 'node_modules', 'typescript'));

/** Where `@types/node` is, for programs that name Node's globals. */
export const nodeTypes: Readonly<Record<string, unknown>> = {
  types: ['node'],
  typeRoots: [join(root, 'node_modules', '@types')],
};

function compiler(folder: string): Compiler {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return { version, tsc: join(folder, 'bin', 'tsc') };
}

/**
 * Compiles a folder with a tsconfig made for it: strict ESM on Node unless `options` say otherwise.
 *
 * @param files what is compiled, with all that it imports; everything in the folder when absent
 */
export function compile(
  { tsc }: Compiler,
  folder: string,
  options: Readonly<Record<string, unknown>>,
  args: readonly string[] = [],
  files?: readonly string[],
): CommandResult {
  const compilerOptions = {
    strict: true,
    target: 'ES2022',
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    types: [],
    ...options,
  };
  const what = files ? { files } : { include: ['**/*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, ...what }));
  return command(process.execPath, [tsc, '-p', folder, '--pretty', 'false', ...args], { cwd: folder });
}
