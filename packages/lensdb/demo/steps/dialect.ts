/** The same program against a server of the other dialect that is known as LensDB. */

import { LensDBClient } from '@wirewright/lensdb';
import { startLdbdServer } from '@wirewright/lensdb/testing';
import { count } from '@wirewright/tools/demo';
import { batches, type Tour } from '../tour.ts';

const records = 500;

export async function showOtherDialect({ stage, place, entries }: Tour): Promise<void> {
  stage.step('The other dialect');
  if (!place.own) {
    stage.skip('a server of the other dialect', 'it is shown in this process, without a URL');
    return;
  }
  const server = await startLdbdServer();
  const client = new LensDBClient(server.url);
  try {
    const some = entries.slice(-records);
    const decoder = new TextDecoder();
    let equal = 0;
    for (const batch of batches(some)) {
      await client.mset(
        batch.map(({ key, json }) => [key, json] as const),
        { signal: stage.signal },
      );
      const values = await client.mget(batch.map(({ key }) => key));
      equal += values.filter((value, index) => value !== null && decoder.decode(value) === batch[index]?.json).length;
    }
    const { dialect, ldbdReads } = client.info();
    stage.say(
      `Two wire protocols are known as LensDB. The client asks when it meets a server: this one speaks '${dialect}', ` +
        `whose answers do not say where they end (the client finds out by a '${ldbdReads}').`,
    );
    stage.verify(
      `${count(equal)} of ${count(records)} records came back through the dialect 'ldbd'`,
      equal === records && dialect === 'ldbd',
    );
  } finally {
    await client.close();
    await server.close();
  }
}
