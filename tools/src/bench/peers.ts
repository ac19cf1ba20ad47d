/** Other clients, loaded when a case needs them. */

import { pathToFileURL } from 'node:url';
import { Absent } from './case.ts';

/** @returns the class of its clients, or why there is none */
export async function loadIoredis(): Promise<typeof import('ioredis').Redis | Absent> {
  try {
    const { Redis } = await import('ioredis');
    return Redis;
  } catch (error) {
    return notInstalled(error);
  }
}

/** @returns what makes its clients, or why there is none */
export async function loadNodeRedis(): Promise<Pick<typeof import('redis'), 'createClient' | 'RESP_TYPES'> | Absent> {
  try {
    return await import('redis');
  } catch (error) {
    return notInstalled(error);
  }
}

/**
 * A peer that is not on npm: the module at the path in `WIREWRIGHT_PEER_<NAME>`.
 *
 * @returns the module, for the caller to look at, or why there is none
 */
export async function loadPeer(name: string): Promise<Readonly<Record<string, unknown>> | Absent> {
  const variable = `WIREWRIGHT_PEER_${name.toUpperCase()}`;
  const path = process.env[variable];
  if (path === undefined || path === '') return new Absent(`${variable} is not set`);
  return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
}

function notInstalled(error: unknown): Absent {
  return new Absent(error instanceof Error ? error.message : 'it could not be loaded');
}
