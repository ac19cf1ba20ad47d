import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Case {
  readonly file: string;
  readonly code: string;
  /** The rule that has to speak; none when the code is allowed there. */
  readonly rule: string | undefined;
}

const timer = 'export const start = (): unknown => setTimeout(() => {}, 1);';
const hidden = 'export const startHidden = (): unknown => globalThis.setTimeout(() => {}, 1);';
const tick = 'export const soon = (): void => queueMicrotask(() => {});';
const turn = 'export const soonToo = (): void => process.nextTick(() => {});';
const clock = 'export const now = (): number => Date.now();';
const date = 'export const today = (): Date => new Date();';
const parsed = 'export const at = (ms: number): Date => new Date(ms);';
const random = 'export const roll = (): number => Math.random();';
const buffer = 'export const bytes = (): Uint8Array => Buffer.alloc(1);';
const fetched = "export const get = (): unknown => fetch('http://localhost');";
const nodeImport = "import { join } from 'node:path';\nexport const path: string = join('a', 'b');";
const netImport = "import { connect } from 'node:net';\nexport const dial = (): unknown => connect(1);";
const netType = "import type { Socket } from 'node:net';\nexport type Stream = Socket;";
const socketDoor = "import { nodeNet } from '@wirewright/core/socket';\nexport const net: unknown = nodeNet;";

const globals = 'eslint(no-restricted-globals)';
const imports = 'eslint(no-restricted-imports)';
const properties = 'eslint(no-restricted-properties)';

/** Rooms of the house by one file each. */
const anywhere = [
  'packages/core/src/a.ts',
  'packages/core/src/kit/deep/a.ts',
  'packages/core/src/errors/a.ts',
  'packages/any/src/protocol/a.ts',
];
const simulated = [
  'packages/core/src/socket/a.ts',
  'packages/core/src/socket/deep/a.ts',
  'packages/any/src/a.ts',
  'packages/any/src/connection/a.ts',
];
const exempt = ['packages/core/src/ports.ts', 'packages/core/src/socket/node-a.ts', 'packages/any/src/testing/a.ts'];

const cases: Case[] = [
  ...inEach([...anywhere, ...simulated], [timer, hidden, tick, fetched], globals),
  ...inEach([...anywhere, ...simulated], [clock, random, turn], properties),
  ...inEach([...anywhere, ...simulated], [date], 'house(no-current-date)'),
  ...inEach([...anywhere, ...simulated], [netImport], imports),
  ...inEach(anywhere, [nodeImport, netType, socketDoor], imports),
  ...inEach(anywhere, [buffer], globals),
  ...inEach(anywhere, [parsed], undefined),
  ...inEach(simulated, [nodeImport, netType, socketDoor, buffer, parsed], undefined),
  ...inEach(exempt, [timer, tick, turn, clock, date, random, buffer, fetched, nodeImport, netImport], undefined),
  ...inEach(['packages/any/test/a.test.ts'], [timer, hidden], globals),
  ...inEach(['packages/any/test/a.test.ts'], [clock, random, nodeImport], undefined),
  ...inEach(['packages/any/bench/a.ts'], [timer, clock], undefined),
  ...inEach(
    ['packages/any/src/b.ts', 'packages/any/test/b.test.ts', 'tools/src/b.ts'],
    ["export * from './c.ts';"],
    'house(no-export-all)',
  ),
  ...inEach(['packages/any/src/b.ts', 'tools/src/b.ts'], ['export default 1;'], 'import(no-default-export)'),
  ...inEach(['packages/any/src/b.ts'], ['export const value = 1 as any;'], 'typescript(no-explicit-any)'),
  ...inEach(['packages/any/src/b.ts'], ['// @ts-ignore\nexport const value = 1;'], 'typescript(ban-ts-comment)'),
  ...inEach(['packages/any/src/b.ts'], ["export { other } from '@wirewright/other';"], 'house(no-other-client)'),
  ...inEach(
    ['packages/any/src/b.ts'],
    ["export { loadPart } from '@wirewright/tools/workspace';"],
    'house(no-other-client)',
  ),
  ...inEach(['packages/any/bench/b.ts'], ["export { loadPart } from '@wirewright/tools/workspace';"], undefined),
  ...inEach(
    ['packages/any/src/b.ts'],
    ["export { own } from '@wirewright/any';", "export { Failure } from '@wirewright/core';"],
    undefined,
  ),
  ...inEach(
    ['packages/any/src/b.ts'],
    ['const later = async (): Promise<void> => {};\nlater();'],
    'typescript(no-floating-promises)',
  ),
];

function inEach(files: readonly string[], codes: readonly string[], rule: string | undefined): Case[] {
  return files.flatMap((file) => codes.map((code) => ({ file, code, rule })));
}

const folder = mkdtempSync(join(tmpdir(), 'wirewright-lint-'));
let found: ReadonlyMap<string, readonly string[]>;

/** The files of cases differ by a number in their names; what a room is called by whole, like ports.ts, keeps its name. */
function fileOf({ file }: Case, index: number): string {
  return file.endsWith('/ports.ts') ? file : file.replace(/(\.test)?\.ts$/, `${index}$1.ts`);
}

beforeAll(() => {
  cpSync(join(root, 'oxlint.config.mjs'), join(folder, 'oxlint.config.mjs'));
  cpSync(join(root, 'tools/lint'), join(folder, 'tools/lint'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const compilerOptions = { strict: true, module: 'NodeNext', target: 'ES2023', types: ['node'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['packages', 'tools/src'] }));
  cases.forEach((one, i) => {
    const path = join(folder, fileOf(one, i));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${one.code}\n`, { flag: 'a' });
  });
  found = lint();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The rules that spoke, by file. */
function lint(): ReadonlyMap<string, readonly string[]> {
  const oxlint = join(root, 'node_modules/.bin/oxlint');
  const args = ['-c', 'oxlint.config.mjs', '--type-aware', '-f', 'json', 'packages', 'tools/src'];
  const { stdout, stderr } = spawnSync(oxlint, args, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (!stdout.startsWith('{')) throw new Error(`oxlint said: ${stdout}${stderr}`);
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] };
  const rules = new Map<string, string[]>();
  for (const { code, filename } of diagnostics) rules.set(filename, [...(rules.get(filename) ?? []), code]);
  return rules;
}

describe('the house rules', () => {
  it.each(cases.map((one, index) => ({ ...one, index, says: one.rule ?? 'nothing' })))('$file: $code: $says', (one) => {
    const rules = found.get(fileOf(one, one.index)) ?? [];
    if (one.rule === undefined) expect(rules).toEqual([]);
    else expect(rules).toContain(one.rule);
  });
});
