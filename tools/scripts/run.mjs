/**
 * Every npm script of the root: installs and builds what the command needs, then runs it.
 *
 *     node tools/scripts/run.mjs <command> [arguments]
 *
 * What is built or installed on the way is reported on stderr; stdout is the command's own.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap } from './bootstrap.mjs';
import { fail, packageNames, root } from './common.mjs';
import { sweep } from './sweep.mjs';

const commands = {
  /** `npm test [-- <package>…] [-- <arguments of vitest>]` */
  test(args) {
    const [named, rest] = leadingPackages(args);
    const force = rest.includes('--force') || againstRealServer() ? ['--force'] : [];
    const passed = rest.filter((arg) => arg !== '--force');
    const filters = named.map((name) => `--filter=@wirewright/${name}`);
    turbo(['test', '--continue=dependencies-successful', ...force, ...filters], { passed });
  },
  build(args) {
    turbo(['build', 'parts', ...args]);
  },
  lint(args) {
    turbo(['types', '--continue=dependencies-successful', '--output-logs=errors-only'], { mayFail: true });
    run('oxlint', ['-c', 'oxlint.config.mjs', '--type-aware', '--deny-warnings', ...paths(args)], { mayFail: true });
    run('oxfmt', ['--check', ...paths(args)], { mayFail: true });
  },
  format(args) {
    run('oxfmt', paths(args));
  },
  check(args) {
    buildQuietly(packageNames());
    tool('checks', args);
  },
  runtimes(args) {
    buildQuietly(packageNames());
    tool('runtimes', args);
  },
  demo(args) {
    const [named] = leadingPackages(args.slice(0, 1));
    if (args.length > 0 && named.length === 0) unknownPackage(args[0]);
    buildQuietly(named.length > 0 ? named : packageNames());
    tool('demo', args);
  },
  bench: forOnePackage('bench'),
  soak: forOnePackage('soak'),
  fuzz: forOnePackage('fuzz'),
  simulate(args) {
    buildQuietly(['core']);
    tool('simulate', args);
  },
  changeset(args) {
    run('changeset', args, { stdin: 'inherit' });
  },
};

function forOnePackage(command) {
  return (args) => {
    const name = args.find((arg) => !arg.startsWith('-'));
    if (name === undefined) fail(`npm run ${command} -- <package>: name one of ${packageNames().join(', ')}`, 2);
    if (!packageNames().includes(name)) unknownPackage(name);
    buildQuietly([name]);
    tool(command, args);
  };
}

function unknownPackage(name) {
  fail(`there is no package "${name}"; the packages are ${packageNames().join(', ')}`, 2);
}

/** Splits `['core', 'lensdb', 'pool.test.ts']` into the packages at its start and the rest. */
function leadingPackages(args) {
  const known = [...packageNames(), 'tools'];
  const end = args.findIndex((arg) => !known.includes(arg));
  const count = end === -1 ? args.length : end;
  return [args.slice(0, count), args.slice(count).filter((arg) => arg !== '--')];
}

/** A server outside changes without notice: what was true of it once is not replayed. */
function againstRealServer() {
  return Object.keys(process.env).some((name) => /^(LENSDB|NORIKV|LANCE|SYNAP|WORKERSQL|REDIS)_URL$/.test(name));
}

function paths(args) {
  return args.length > 0 ? args : ['.'];
}

function buildQuietly(names) {
  const filters = ['tools', ...names].map((name) => `--filter=@wirewright/${name}`);
  turbo(['build', 'parts', '--output-logs=errors-only', ...filters], { stdout: 2 });
}

function turbo(args, { passed = [], ...options } = {}) {
  run('turbo', ['run', ...args, ...(passed.length > 0 ? ['--', ...passed] : [])], options);
}

/** Runs the entry point of one of the tools. */
function tool(name, args) {
  const main = join(root, 'tools', 'dist', name, 'main.js');
  if (!existsSync(main)) fail(`npm run ${name} needs tools/src/${name}/main.ts, which does not exist`);
  run(process.execPath, ['--enable-source-maps', main, ...args], { stdin: 'inherit' });
}

function run(command, args, { stdin = 'ignore', stdout = 1, mayFail = false } = {}) {
  const shell = process.platform === 'win32' && command !== process.execPath;
  const result = spawnSync(command, args, { cwd: root, env, shell, stdio: [stdin, stdout, 2] });
  if (result.error) fail(`${command} could not be started: ${result.error.message}`);
  if (result.signal) fail(`${command} was ended by ${result.signal}`);
  if (result.status === 0) return;
  process.exitCode = result.status;
  if (!mayFail) process.exit();
}

const [name = '', ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (!command) fail(`there is no command "${name}"; the commands are ${Object.keys(commands).join(', ')}`, 2);
const env = bootstrap();
sweep();
command(args);
