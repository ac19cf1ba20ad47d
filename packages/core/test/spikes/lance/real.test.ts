import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServerError } from '@wirewright/core';
import { LanceClient } from './client.ts';
import { rawRecord } from './messages.ts';
import { targetOf } from '../target.ts';

/** The URL of a server; each run makes topics of its own. */
const address = process.env['LANCE_URL'];

const record = (text: string): Uint8Array => rawRecord(new TextEncoder().encode(text));
const mib = 1024 * 1024;

describe.skipIf(!address)('a real Lance server', () => {
  let client: LanceClient;
  let topic = 0;

  beforeAll(async () => {
    client = new LanceClient({ target: targetOf(address as string, 1992) });
    topic = (await client.createTopic(`spike-${randomUUID()}`)).id;
  });

  afterAll(() => client.close());

  it('stores batches and gives them back', async () => {
    const records = ['a', 'bc', 'def'].map(record);
    await Promise.all(records.map((one) => client.ingest(topic, one, 1)));
    const { data, nextOffset } = await client.fetch(topic, 0n, mib);
    expect(Buffer.from(data).equals(Buffer.concat(records))).toBe(true);
    expect(await client.fetch(topic, nextOffset, mib)).toMatchObject({ data: new Uint8Array(0), nextOffset });
    expect(await client.fetch(topic, nextOffset + 1n, mib)).toMatchObject({ catchingUp: true, nextOffset });
  });

  it('overtakes acknowledgements with an error, which finds its batch', async () => {
    const before = (await client.fetch(topic, 0n, mib)).nextOffset;
    const outcomes = await Promise.allSettled([
      client.ingest(topic, record('good'), 1),
      client.ingest(4_000_000, record('bad'), 1),
      client.fetch(topic, before, 10),
      client.ping(),
      client.ingest(topic, record('good too'), 1),
      client.fetch(4_000_001, 0n, 10),
      client.ingest(4_000_002, record('bad too'), 1),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    const texts = outcomes.map((outcome) =>
      outcome.status === 'rejected' ? (outcome.reason as ServerError).details['serverMessage'] : undefined,
    );
    expect([texts[1], texts[5], texts[6]]).toEqual(['Unknown topic', 'Topic 4000001 not found', 'Unknown topic']);
    expect(client.session.epoch).toBe(1);
  });

  it('takes batches of several MiB, several at once, and fetches them', async () => {
    const start = (await client.fetch(topic, 0n, mib)).nextOffset;
    const batches = Array.from({ length: 6 }, (_, seed) =>
      rawRecord(Uint8Array.from({ length: 4 * mib }, (_value, i) => (i * 7 + seed) & 0xff)),
    );
    await Promise.all(batches.map((batch) => client.ingest(topic, batch, 1)));
    let offset = start;
    for (const batch of batches) {
      const parts: Uint8Array[] = [];
      for (let left = batch.length; left > 0;) {
        const { data, nextOffset } = await client.fetch(topic, offset, Math.min(left, 3 * mib));
        parts.push(data);
        left -= data.length;
        offset = nextOffset;
      }
      expect(Buffer.concat(parts).equals(batch)).toBe(true);
    }
    expect(client.session.epoch).toBe(1);
  });
});
