/**
 * Makes a clone ready to run: fetches the pinned pnpm and installs by the lockfile, and does nothing when that
 * was done before. Needs Node and npm alone; everything it prints goes to stderr.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fail, root, say } from './common.mjs';

const oldestNode = [20, 19];

/** Installs what is missing and returns the environment in which the workspace's binaries are run. */
export function bootstrap() {
  requireNode();
  const env = environment();
  const wanted = fingerprint();
  const stamp = join(root, 'node_modules', '.wirewright-install');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return env;
  fetchPnpm(env);
  say('installing the workspace');
  run('pnpm', ['install', '--frozen-lockfile'], env);
  writeFileSync(stamp, wanted);
  return env;
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = oldestNode;
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    fail(`Node ${process.versions.node} is too old: ${oldestNode.join('.')} or newer is needed`);
  }
}

function pnpmVersion() {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return packageManager.replace(/^pnpm@/, '').replace(/\+.*$/, '');
}

function pnpmFolder() {
  return join(root, '.tmp', `pnpm-${pnpmVersion()}`);
}

function environment() {
  const env = { ...process.env };
  // Turbo starts the scripts of packages with pnpm, and pnpm starts their binaries.
  const homes = [pnpmFolder(), root, join(root, 'tools')];
  const folders = homes.map((folder) => join(folder, 'node_modules', '.bin'));
  env.PATH = [...folders, env.PATH].join(delimiter);
  env.TURBO_TELEMETRY_DISABLED = '1';
  env.TURBO_NO_UPDATE_NOTIFIER = '1';
  env.DO_NOT_TRACK = '1';
  // A cached result of one Node version or platform says nothing about another.
  env.WIREWRIGHT_RUNTIME = `${process.version} ${process.platform} ${process.arch}`;
  // Set to nothing, npm would make a folder called ~ here.
  if (env.HOME === '') delete env.HOME;
  // Ours silences npm's banner (.npmrc); it is not meant for what npm starts.
  delete env.npm_config_loglevel;
  return env;
}

/** Changes when an install could have another result. */
function fingerprint() {
  const hash = createHash('sha256');
  hash.update(`${process.version} ${process.platform} ${process.arch}`);
  for (const file of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests()]) {
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

function manifests() {
  const packages = readdirSync(join(root, 'packages')).sort();
  const files = ['tools', ...packages.map((name) => `packages/${name}`)].map((folder) => `${folder}/package.json`);
  return files.filter((file) => existsSync(join(root, file)));
}

function fetchPnpm(env) {
  const folder = pnpmFolder();
  if (existsSync(join(folder, 'node_modules', '.bin', 'pnpm'))) return;
  say(`fetching pnpm ${pnpmVersion()}`);
  mkdirSync(folder, { recursive: true });
  // A manifest of its own keeps npm from taking the repository for the project that it installs into.
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const options = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  run('npm', ['install', '--prefix', folder, ...options, `pnpm@${pnpmVersion()}`], env);
}

function run(command, args, env) {
  const shell = process.platform === 'win32';
  const result = spawnSync(command, args, { cwd: root, env, shell, stdio: ['ignore', 2, 2] });
  if (result.error) fail(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0) fail(`${command} ${args[0]} failed with code ${result.status}`);
}
