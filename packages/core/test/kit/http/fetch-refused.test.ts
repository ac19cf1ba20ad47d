import { describe, expect, it } from 'vitest';
import { type FetchLike, fetchTransport } from '../../../src/kit/index.ts';

/** How each runtime's `fetch` says that nobody listens. */
const refusals: readonly [string, Error][] = [
  ['Node', new TypeError('fetch failed', { cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) })],
  ['Bun', Object.assign(new TypeError('ECONNREFUSED: Unable to connect.'), { code: 'ECONNREFUSED' })],
  [
    'Deno',
    new TypeError('fetch failed', {
      cause: new Error(
        'error sending request for url (http://127.0.0.1:9/): client error (Connect): tcp connect error',
      ),
    }),
  ],
];

function proofOf(error: Error): Promise<string | undefined> {
  const fetch: FetchLike = async () => {
    throw error;
  };
  return new Promise((resolve) => {
    fetchTransport('http://127.0.0.1:9', fetch).start(
      { method: 'GET', path: '/' },
      { onSent() {}, onHead() {}, onChunk() {}, onEnd() {}, onError: (_, proof) => resolve(proof), onOver() {} },
    );
  });
}

describe('fetchTransport', () => {
  it.each(refusals)('knows that nothing was sent where %s could not connect', async (_, error) => {
    expect(await proofOf(error)).toBe('not-sent');
  });

  it.each([
    new TypeError('terminated', { cause: Object.assign(new Error('closed'), { code: 'UND_ERR_SOCKET' }) }),
    new TypeError('error sending request: client error (SendRequest): connection closed before message completed'),
    new TypeError('fetch failed'),
  ])('knows nothing after %s', async (error) => {
    expect(await proofOf(error)).toBeUndefined();
  });
});
