import { type Check, type CheckRow, row } from './check.ts';
import { command } from './command.ts';

interface Analysis {
  readonly entrypoints: Readonly<Record<string, { readonly resolutions: Readonly<Record<string, Resolution>> }>>;
}

interface Resolution {
  readonly resolution?: { readonly isTypeScript: boolean };
}

/** "Are the types wrong": how TypeScript resolves every door under each module resolution. */
export const attwCheck: Check = {
  name: 'attw',
  about: 'arethetypeswrong on the packed tarballs, profile esm-only',
  async run({ packages, consumer }) {
    const rows: CheckRow[] = [];
    for (const { name } of packages) {
      const tarball = consumer().tarballs.get(name) ?? '';
      const args = [tarball, '--profile', 'esm-only', '--no-definitely-typed', '--format'];
      const { status } = command('attw', [...args, 'ascii', '--quiet'], { cwd: consumer().folder });
      const { analysis } = JSON.parse(command('attw', [...args, 'json'], { cwd: consumer().folder }).stdout) as {
        analysis: Analysis;
      };
      for (const [door, { resolutions }] of Object.entries(analysis.entrypoints)) {
        const seen = (kind: string): string =>
          resolutions[kind]?.resolution?.isTypeScript === true ? 'types' : 'none';
        rows.push(row([name, door, seen('node16-esm'), seen('bundler')]));
      }
      if (status !== 0) {
        const { output } = command('attw', [...args, 'ascii'], { cwd: consumer().folder });
        rows.push(row([name, 'problems'], output));
      }
    }
    return { columns: ['package', 'door', 'node16 from ESM', 'bundler'], rows };
  },
};
