/** Many callers at once, callers with a deadline, and callers who change their minds. */

import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { SeededRandom } from '@wirewright/core/testing';
import { AbortedError, LensDBClient, TimeoutError } from '@wirewright/lensdb';
import { count, duration } from '@wirewright/tools/demo';
import { errorOf, type Tour } from '../tour.ts';

const callers = 64;
const readsEach = 50;

export async function showCallers({ stage, client, entries }: Tour): Promise<void> {
  stage.step(`${callers} callers at once`);
  const progress = stage.progress(callers * readsEach, 'reads');
  let own = 0;
  let mostOpen = 0;
  const read = async (seed: number): Promise<void> => {
    const random = new SeededRandom(seed);
    for (let n = 0; n < readsEach; n += 1) {
      const { key, json } = random.pick(entries);
      const text = await client.getText(key, { signal: stage.signal });
      if (text === json) own += 1;
      mostOpen = Math.max(mostOpen, client.stats().pool.open);
      progress.add(1);
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => read(caller)));
  progress.end();
  stage.say(`They shared ${mostOpen} connections; who found none free waited its turn.`);
  stage.verify(
    `each of ${count(callers * readsEach)} reads got the record that it had asked for`,
    own === callers * readsEach && mostOpen <= 10,
  );
}

const timeoutMs = 250;
const abortAfterMs = 100;

/** A server that takes a connection and never says a word: the demonstration opens one itself, on this machine. */
export async function showDeadlines({ stage, prefix }: Tour): Promise<void> {
  stage.step('Deadlines, and callers who change their minds');
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).resume();
  });
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  const address = silent.address();
  if (address === null || typeof address === 'string') throw new Error('no port could be had');
  const client = new LensDBClient({ port: address.port, dialect: 'lens' });
  try {
    stage.say(`Both call a server that accepts connections and never answers.`);
    const startedAt = performance.now();
    const late = await errorOf(client.get(`${prefix}late`, { timeoutMs, signal: stage.signal }));
    const lateAfter = duration(performance.now() - startedAt);
    stage.signal.throwIfAborted();
    stage.say(`get(key, { timeoutMs: ${timeoutMs} }) ended after ${lateAfter}:`);
    if (late instanceof Error) stage.quote(`${late.name}: ${late.message}`);
    const controller = new AbortController();
    const abortedAt = performance.now();
    setTimeout(() => controller.abort(new Error('nobody waits for it any more')), abortAfterMs);
    const aborted = await errorOf(client.get(`${prefix}aborted`, { signal: controller.signal }));
    stage.say(
      `get(key, { signal }), aborted after ${abortAfterMs} ms, ended after ${duration(performance.now() - abortedAt)}:`,
    );
    if (aborted instanceof Error) stage.quote(`${aborted.name}: ${aborted.message}`);
    stage.verify('the call with a deadline ended with a TimeoutError', late instanceof TimeoutError);
    stage.verify(
      'the call that was aborted ended with an AbortedError, which tells why',
      aborted instanceof AbortedError && aborted.cause === controller.signal.reason,
    );
  } finally {
    client.destroy();
    for (const socket of sockets) socket.destroy();
    silent.close();
  }
}
