/** Where the demonstration runs: a server of its own, or the one that the user named. */

import { get } from 'node:http';
import { ArgumentError, LensDBClient, LensDBError } from '@wirewright/lensdb';
import { type LensServer, startLensServer } from '@wirewright/lensdb/testing';
import { DemoEnd } from '@wirewright/tools/demo';

export interface Place extends AsyncDisposable {
  readonly url: string;
  /** The in-process server; undefined when the server is the user's. */
  readonly own: LensServer | undefined;
}

/** @throws DemoEnd that says why the server cannot be used */
export async function findPlace(url: string | undefined): Promise<Place> {
  if (url !== undefined) {
    await reach(url);
    return { url, own: undefined, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const own = await startLensServer();
  return { url: own.url, own, [Symbol.asyncDispose]: () => own.close() };
}

/** For an answer to the first connection: a demonstration does not wait as long as a program would. */
const patienceMs = 5000;

async function reach(url: string): Promise<void> {
  let client: LensDBClient | undefined;
  try {
    // What is wrong with an address is not cured by trying it again.
    client = new LensDBClient(/[?&]maxRetries=/.test(url) ? url : `${url}${url.includes('?') ? '&' : '?'}maxRetries=0`);
    await client.connect({ timeoutMs: patienceMs });
  } catch (error) {
    if (!(error instanceof LensDBError)) throw error;
    const hint = await advice(error);
    throw new DemoEnd(`The server cannot be used (${error.name}, ${error.code}).\n${error.message}\n${hint}`);
  } finally {
    client?.destroy();
  }
}

async function advice(error: LensDBError): Promise<string> {
  if (error instanceof ArgumentError) return 'A URL looks like lensdb://host:port';
  const instead = 'Without a URL, this demonstration brings a server of its own.';
  switch (error.code) {
    case 'CONNECT_FAILED':
      return `Is the server started, and is the port right? ${instead}`;
    case 'NOT_LENSDB':
      return 'A LensDB server listens on port 8080 unless it is told otherwise, as many HTTP servers do.';
    case 'NO_ANSWER':
      // Many an HTTP server waits for the end of a line that never comes.
      return (await answersHttp(error.endpoint)) ? 'An HTTP server answers there; is the port right?' : instead;
    default:
      return instead;
  }
}

function answersHttp(endpoint: string | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    if (!URL.canParse(`http://${endpoint}/`)) return resolve(false);
    const request = get(`http://${endpoint}/`, { timeout: 1000 }, (response) => {
      response.destroy();
      resolve(true);
    });
    request.on('timeout', () => request.destroy()).on('error', () => resolve(false));
  });
}
