/** The Redis that the cases run against: the one in the path, or a stand-in. */

import { fileURLToPath } from 'node:url';
import { Floor, freePort, type RunningServer, startModule, startProgram } from '@wirewright/tools/bench';
import { encodeCommand, redisGreeting, respFrameLength } from './requests.ts';

export async function startRedis(): Promise<RunningServer> {
  try {
    return await startRealRedis();
  } catch {
    const file = fileURLToPath(new URL('./stand-in/main.js', import.meta.url));
    return startModule(file, 'a RESP server in JavaScript, in a child process: no redis-server was found');
  }
}

async function startRealRedis(): Promise<RunningServer> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const options = { about: 'redis-server, started from the path', url, probe: () => ping(url) };
  const where = ['--bind', '127.0.0.1', '--port', String(port)];
  return startProgram('redis-server', [...where, '--save', '', '--appendonly', 'no'], options);
}

async function ping(url: string): Promise<void> {
  const requests = [encodeCommand('PING')];
  const { address } = redisGreeting(url);
  const floor = await Floor.connect({
    address,
    requests,
    frameLength: respFrameLength,
    answerBytes: '+PONG\r\n'.length,
  });
  await floor.call();
  floor.close();
}
