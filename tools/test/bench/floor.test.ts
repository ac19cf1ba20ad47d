import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { Floor } from '../../src/bench/floor.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Frames of a length byte and that many more. */
const frameLength = (bytes: Uint8Array, start: number): number => 1 + (bytes[start] ?? 0);
const frame = (letter: string): Buffer => Buffer.from(`\u0003${letter.repeat(3)}`);

async function serve(onSocket: (socket: Socket) => void): Promise<{ readonly host: string; readonly port: number }> {
  const server = createServer(onSocket).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  return { host: '127.0.0.1', port: typeof address === 'object' ? (address?.port ?? 0) : 0 };
}

it('sends the requests in turn, over their end, and in one piece', async () => {
  const chunks: string[] = [];
  const address = await serve((socket) =>
    socket.setNoDelay(true).on('data', (chunk) => {
      chunks.push(chunk.toString());
      for (const _ of chunk) socket.write(frame('x'));
    }),
  );
  const requests = ['a', 'b', 'c'].map((letter) => Buffer.from(letter));
  const floor = await Floor.connect({ address, requests, frameLength, answerBytes: 4 });
  await Promise.all([floor.call(), floor.call()]);
  await Promise.all([floor.call(), floor.call(), floor.call(), floor.call()]);
  floor.close();
  expect(chunks).toEqual(['ab', 'cabc']);
});

it('puts frames together that come in pieces, and copies each', async () => {
  const stream = Buffer.concat(['x', 'y', 'z'].map(frame));
  const address = await serve((socket) =>
    socket.setNoDelay(true).once('data', () => {
      const rest = [...stream];
      const next = (): void => {
        const byte = rest.shift();
        if (byte !== undefined) socket.write(Uint8Array.of(byte), next);
      };
      next();
    }),
  );
  const floor = await Floor.connect({ address, requests: [Buffer.from('a')], frameLength, answerBytes: 4 });
  const answers = await Promise.all([floor.call(), floor.call(), floor.call()]);
  floor.close();
  expect(answers.map((answer) => Buffer.from(answer).toString())).toEqual(['\u0003xxx', '\u0003yyy', '\u0003zzz']);
});
