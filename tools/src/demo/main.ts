/**
 * `npm run demo [-- <package> [<url>]]`: shows what the clients do, on real data, and verifies it by reading back.
 *
 * Exits with 0 when everything that was claimed held, 1 when something did not or the server could not be used, 2 for
 * wrong arguments, 3 when there is nothing to show.
 */

import { listPackages, type WorkspacePackage } from '../workspace/index.ts';
import { type Demo, loadDemo } from './demo.ts';
import { duration } from './figures.ts';
import { createScreen } from './screen.ts';
import { DemoEnd, Stage } from './stage.ts';

const usage = 'npm run demo [-- <package> [<url>]]';

const screen = createScreen(process.stdout);
const enough = new AbortController();
process.once('SIGINT', () => enough.abort());

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const [name, url, ...more] = args;
  const packages = listPackages();
  const wanted = name === undefined ? packages : packages.filter(({ id }) => id === name);
  if (wanted.length === 0 || more.length > 0) {
    const ids = packages.map(({ id }) => id).join(', ');
    console.error(`${usage}\nthe packages are ${ids}${more.length > 0 ? '; one of them and one URL at most' : ''}`);
    return 2;
  }
  const codes: number[] = [];
  const without: string[] = [];
  for (const each of wanted) {
    const demo = await loadDemo(each);
    if (demo) codes.push(await show(each, demo, url));
    else without.push(each.id);
    if (enough.signal.aborted) break;
  }
  if (without.length > 0) sayWithout(without, name !== undefined);
  return codes.length === 0 ? 3 : Math.max(...codes);
}

function sayWithout(ids: readonly string[], asked: boolean): void {
  const list = ids.map((id) => `packages/${id}`).join(', ');
  screen.line();
  screen.line(asked ? `${list} has no demo/index.ts: there is nothing to show` : `Nothing to show alone: ${list}`);
}

/** @returns the exit code */
async function show(of: WorkspacePackage, demo: Demo, url: string | undefined): Promise<number> {
  const stage = new Stage(screen, enough.signal);
  const startedAt = performance.now();
  try {
    await demo.run(stage, url);
  } catch (error) {
    screen.line();
    if (enough.signal.aborted) stage.say('Stopped; what was stored has been removed again.');
    else if (error instanceof DemoEnd) stage.say(screen.style('red', error.message));
    else console.error(error);
    return 1;
  }
  const { claims } = stage;
  const [held, broken, skipped] = (['yes', 'no', 'skipped'] as const).map(
    (kind) => claims.filter((claim) => claim.held === kind).length,
  );
  stage.summarize('What was verified');
  screen.line();
  const parts = [`${held} held`, `${broken} did not`, ...(skipped ? [`${skipped} skipped`] : [])];
  const verdict = `${demo.title}: ${claims.length} claims, ${parts.join(', ')}, in ${duration(performance.now() - startedAt)}`;
  screen.line(screen.style(broken ? 'red' : 'bold', verdict));
  if (url === undefined) screen.line(`Against a server of yours: npm run demo -- ${of.id} ${demo.urlForm}`);
  return broken ? 1 : 0;
}
