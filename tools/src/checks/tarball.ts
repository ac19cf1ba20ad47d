import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { WorkspacePackage } from '../workspace/packages.ts';
import { type Check, type CheckContext, type CheckRow, row } from './check.ts';
import { type Consumer, install } from './consumer.ts';
import { firstProgram } from './readme/pages.ts';
import { writeProject } from './readme/project.ts';
import { runProgram } from './readme/run.ts';

const required = [
  'package.json',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  'dist/index.js',
  'dist/index.d.ts',
  'src/index.ts',
];

/** What is in each tarball, and whether it works where nothing else is installed. */
export const tarballCheck: Check = {
  name: 'tarball',
  about: 'packed with pnpm, installed alone in an empty project; the contents, and the first README example run there',
  async run(context) {
    const rows = context.packages.map((of) => checkTarball(of, context));
    return { columns: ['package', 'files', 'unpacked', 'contents', 'README example'], rows };
  },
};

function checkTarball(of: WorkspacePackage, context: CheckContext): CheckRow {
  const consumer = context.consumer();
  const folder = consumer.installed(of.name);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
  const bytes = files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  const wrong = contents(of, folder, files);
  const example = runAlone(of, consumer, context.runtime);
  const problems = [...wrong, ...(example.problem === undefined ? [] : [example.problem])];
  return row(
    [of.name, String(files.length), `${(bytes / 1000).toFixed(0)} kB`, wrong.length === 0 ? 'yes' : 'NO', example.cell],
    problems.length > 0 ? problems.join('\n') : undefined,
  );
}

function contents(of: WorkspacePackage, folder: string, files: readonly string[]): string[] {
  const problems = required.filter((name) => !files.includes(name)).map((name) => `${name} is missing`);
  const manifest = readFileSync(join(folder, 'package.json'), 'utf8');
  if (manifest.includes('workspace:')) problems.push('package.json still says workspace:');
  if (manifest.includes('@wirewright/source')) problems.push('package.json still has the private export condition');
  for (const name of files.filter((file) => /^dist\/.*\.js$/.test(file))) {
    if (!files.includes(`${name}.map`)) problems.push(`${name} has no source map`);
    else problems.push(...lostSources(name, folder, files));
  }
  for (const name of files.filter((file) => /^dist\/.*\.d\.ts$/.test(file))) {
    const source = name.replace(/^dist\//, 'src/').replace(/\.d\.ts$/, '.ts');
    if (!files.includes(source)) problems.push(`${name} has no source: delete packages/${of.id}/dist and build again`);
  }
  for (const name of files.filter((file) => !/^(dist|src)\//.test(file) && !required.includes(file))) {
    problems.push(`${name} does not belong into the package`);
  }
  return problems;
}

/** The sources that the map of a file names and the tarball does not hold. */
function lostSources(name: string, folder: string, files: readonly string[]): string[] {
  const { sources } = JSON.parse(readFileSync(join(folder, `${name}.map`), 'utf8')) as { sources: readonly string[] };
  const paths = sources.map((source) => posix.join(posix.dirname(name), source));
  return paths
    .filter((path) => !files.includes(path))
    .map((path) => `the source map of ${name} names ${path}, which is missing`);
}

/** Installs the package and the workspace packages that it needs, nothing else, and runs its first README example. */
function runAlone(of: WorkspacePackage, consumer: Consumer, runtime: string): { cell: string; problem?: string } {
  const program = firstProgram(of);
  if (!program) return { cell: 'none', problem: `packages/${of.id}/README.md has no \`\`\`ts block` };
  if (!program.runs)
    return { cell: 'not marked', problem: `the first \`\`\`ts block of packages/${of.id}/README.md is not marked run` };
  const folder = consumer.subfolder(`alone/${of.id}`);
  const names = [of.name, ...Object.keys(of.manifest.dependencies ?? {})];
  install(
    folder,
    [...consumer.tarballs].filter(([name]) => names.includes(name)).map(([, file]) => file),
  );
  const page = { path: `packages/${of.id}/README.md`, of, programs: [program] };
  const { programs, errors } = writeProject(join(folder, 'example'), [page]);
  const problem =
    errors !== '' ? errors : programs.map((one) => runProgram(runtime, one)).find((text) => text !== undefined);
  return problem === undefined ? { cell: 'runs' } : { cell: 'NO', problem };
}
