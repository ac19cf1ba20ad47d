/** A server whose life is at stake, and what may be done to it. */

import { randomBytes } from 'node:crypto';
import { LensDBClient, UnsupportedError } from '@wirewright/lensdb';
import { type LensServer, type ServerStats, startLdbdServer, startLensServer } from '@wirewright/lensdb/testing';

export interface Place extends AsyncDisposable {
  readonly about: string;
  readonly host: string;
  readonly port: number;
  readonly dialect: 'lens' | 'ldbd';
  readonly setEx: boolean;
  /** Nobody else uses it: keys need no prefix, and CLEAR harms nobody. */
  readonly exclusive: boolean;
  /** What all keys begin with. */
  readonly prefix: Uint8Array;
  /** What an in-process server has counted; undefined of a server that is none of ours. */
  stats(): ServerStats | undefined;
}

const none = new Uint8Array(0);

export async function lensPlace(): Promise<Place> {
  return inProcess("in-process, 'lens' as 0.1.0.0", 'lens', false, await startLensServer({ behaviour: '0.1.0.0' }));
}

export async function ldbdPlace(): Promise<Place> {
  return inProcess("in-process, 'ldbd'", 'ldbd', true, await startLdbdServer());
}

type AnyServer = Pick<LensServer, 'host' | 'port' | 'stats' | 'close'>;

function inProcess(about: string, dialect: 'lens' | 'ldbd', setEx: boolean, server: AnyServer): Place {
  const { host, port } = server;
  return {
    about,
    host,
    port,
    dialect,
    setEx,
    exclusive: true,
    prefix: none,
    stats: () => server.stats,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** The server that LENSDB_URL names. Where it holds anything, nothing but keys of this run is touched. */
export async function realPlace(url: string): Promise<Place> {
  const { hostname, port, host } = new URL(url.replace(/^lensdb:/, 'http:'));
  const address = { host: hostname, port: Number(port || '8080') };
  const client = await LensDBClient.connect(address);
  try {
    const { dialect = 'lens' } = client.info();
    const exclusive = (await client.size()) === 0;
    const prefix = `wirewright-fuzz:${randomBytes(3).toString('hex')}:`;
    const setEx = await hasSetEx(client, `${prefix}setex`);
    const what = `dialect '${dialect}', ${setEx ? '' : 'no '}SETEX, ${exclusive ? 'empty' : 'not empty: no CLEAR'}`;
    return {
      about: `${host} (${what})`,
      ...address,
      dialect,
      setEx,
      exclusive,
      prefix: exclusive ? none : new TextEncoder().encode(prefix),
      stats: () => undefined,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  } finally {
    await client.close();
  }
}

async function hasSetEx(client: LensDBClient, key: string): Promise<boolean> {
  try {
    await client.setEx(key, '', 1);
    await client.delete(key);
    return true;
  } catch (error) {
    if (error instanceof UnsupportedError) return false;
    throw error;
  }
}
