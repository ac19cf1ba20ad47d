/** The few things that all scripts need: where the repository is, how to speak, how to stop. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** For people; stdout belongs to the result. */
export function say(line) {
  process.stderr.write(`wirewright: ${line}\n`);
}

export function fail(line, code = 1) {
  say(line);
  process.exit(code);
}

/** The folders of the published packages: `core`, `lensdb`, … */
export function packageNames() {
  const folder = join(root, 'packages');
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'package.json')))
    .sort();
}
