import { expect, it } from 'vitest';
import { AbortedError } from '../../src/index.ts';
import { lensResponse } from '../../src/protocol/lens/response.ts';
import { Lab } from '../lab.ts';
import { ldbd, lens } from '../servers.ts';

it('a call that is aborted in its own turn leaves its connection as it was', async () => {
  const lab = new Lab();
  lab.serve(ldbd());
  const client = lab.client();
  await lab.run(client.set('a', '1'));
  const before = lab.writes.length;
  const controller = new AbortController();
  const given = client.get('a', { signal: controller.signal });
  controller.abort();
  const error = await lab.failure(given);
  expect(error).toBeInstanceOf(AbortedError);
  expect(error).toMatchObject({ outcome: 'not-sent' });
  expect(lab.writes.length).toBe(before);
  for (let i = 0; i < 3; i += 1) expect(await lab.run(client.getText('a'))).toBe('1');
  expect(lab.peers.length).toBe(1);
});

it('unsolicited bytes after such a call close the connection', async () => {
  const lab = new Lab();
  lab.serve(lens());
  const client = lab.client({ maxRetries: 0, maxConnections: 1, dialect: 'lens' });
  await lab.run(client.setEx('a', '1', 60));
  const controller = new AbortController();
  const given = client.setEx('a', '2', { ttl: 60, signal: controller.signal });
  controller.abort();
  expect(await lab.failure(given)).toBeInstanceOf(AbortedError);
  const peer = lab.peers.find(({ ended }) => !ended);
  peer?.send(lensResponse(0, 'stray'));
  await lab.advance(10);
  expect(peer?.ended).toBe(true);
});

it('a request that times out says where it went', async () => {
  const lab = new Lab();
  lab.serve(lens(() => undefined));
  const client = lab.client({ maxRetries: 0, dialect: 'lens', attemptTimeoutMs: 100 });
  const error = await lab.failure(client.get('a'));
  expect(error).toMatchObject({
    code: 'TIMEOUT',
    outcome: 'unknown',
    endpoint: expect.stringContaining(':') as string,
  });
});
