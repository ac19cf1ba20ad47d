/**
 * `npm run soak -- lensdb`: many callers, one writer for each key, faults all the time. Against servers of both
 * dialects in a process of their own; or behind the proxy against the server that LENSDB_URL names, of whose keys only
 * those of this run are touched.
 */

import { randomBytes } from 'node:crypto';
import { SeededRandom } from '@wirewright/core/testing';
import { LensDBClient } from '@wirewright/lensdb';
import { type Soak, type SoakResult, type SoakSettings } from '@wirewright/tools/soak';
import { Crew } from './crew.ts';
import type { FarSideOptions } from './far-side.ts';
import { FarSide } from './far-side-process.ts';
import { Punctuality } from './punctuality.ts';
import { Rules } from './rules.ts';

export const soak: Soak = { run };

/** Quiet moments, at which the heap is looked at. */
const parts = 20;
/** In so many parts, new connections are refused for a while. */
const outageEvery = 5;
const outageMs = 150;

interface Place {
  readonly server: FarSideOptions['server'];
  readonly dialect: 'lens' | 'ldbd';
  readonly callers: number;
}

async function run(settings: SoakSettings): Promise<SoakResult> {
  const { about, places } = await findPlaces(process.env['LENSDB_URL']);
  const { faults, seed, say } = settings;
  const random = new SeededRandom(seed);
  const rules = new Rules();
  const figures: Record<string, number> = {};
  const count = (what: string, by = 1): void => void (figures[what] = (figures[what] ?? 0) + by);
  const crews: Crew[] = [];
  using punctuality = new Punctuality(rules.settled, () => {
    say('a call does not settle: the run ends here');
    process.exit(1);
  });
  const name = randomBytes(3).toString('hex');
  try {
    for (const { server, dialect, callers } of places) {
      const farSide = await FarSide.start({ server, faults, seed: random.uint32() });
      const prefix = `wirewright-soak:${name}:`;
      crews.push(
        await Crew.start({ farSide, dialect, prefix, rules, random: random.fork(), punctuality, callers, count }),
      );
    }
    await work(crews, settings);
    for (const crew of crews) await crew.finish();
    for (const crew of crews) for (const [what, by] of Object.entries(await crew.figures())) count(what, by);
    for (const crew of crews) await crew.close();
  } finally {
    for (const { farSide } of crews) await farSide[Symbol.asyncDispose]();
  }
  count('latest settling after a deadline, pauses included, in ms', Math.max(0, punctuality.latestMs));
  return {
    server: about,
    operations: settings.operations,
    figures: Object.fromEntries(Object.entries(figures).toSorted(([one], [other]) => (one < other ? -1 : 1))),
    rules: rules.all().map((rule) => rule.report()),
  };
}

async function work(crews: readonly Crew[], { operations, say, sampleHeap }: SoakSettings): Promise<void> {
  const callers = crews.reduce((sum, crew) => sum + crew.callers, 0);
  const operationsEach = Math.ceil(operations / parts / callers);
  for (let part = 1; part <= parts; part += 1) {
    const outages = part % outageEvery === 0 ? crews.map(({ farSide }) => farSide.outage(outageMs)) : [];
    await Promise.all([...crews.map((crew) => crew.run(operationsEach)), ...outages]);
    await sampleHeap();
    for (const crew of crews) await crew.check();
    say(
      `${Math.round((100 * part) / parts)} %  ${(operationsEach * callers * part).toLocaleString('en-US')} operations`,
    );
  }
}

async function findPlaces(
  url: string | undefined,
): Promise<{ readonly about: string; readonly places: readonly Place[] }> {
  if (url === undefined || url === '') {
    return {
      about: "in-process servers: 'lens' as 0.1.0.0 with SETEX, and 'ldbd'",
      places: [
        { server: 'lens', dialect: 'lens', callers: 20 },
        { server: 'ldbd', dialect: 'ldbd', callers: 4 },
      ],
    };
  }
  const client = await LensDBClient.connect(url);
  const { dialect = 'lens' } = client.info();
  await client.close();
  const { hostname, port, host } = new URL(url.replace(/^lensdb:/, 'http:'));
  const server = { host: hostname, port: Number(port || '8080') };
  return { about: `LENSDB_URL (${host}, dialect '${dialect}')`, places: [{ server, dialect, callers: 24 }] };
}
