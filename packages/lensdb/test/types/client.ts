/** What the compiler tells users; compiled against the published declarations, never run. */

import {
  BatchError,
  ClientError,
  ConnectionError,
  ConnectionPool,
  jsonCodec,
  LensDBClient,
  type LensDBConnection,
  LensDBError,
  type LensDBErrorCode,
  LensDBInvalidKeyError,
  type LensDBMetrics,
  LensDBStorageFullError,
  LensMessageType,
  messagePackCodec,
  MessageType,
  OverloadedError,
  ResponseStatus,
  ServerError,
  TimeoutError,
  v8Codec,
  type ValueCodec,
  withClient,
} from '@wirewright/lensdb';

type Equal<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
function same<A, B>(_proof: Equal<A, B>): void {}

interface User {
  name: string;
}

export async function commands(client: LensDBClient): Promise<void> {
  const value = await client.get('key');
  same<typeof value, Uint8Array | null>(true);
  const text = await client.getText(new Uint8Array(1), { timeoutMs: 5, signal: new AbortController().signal });
  same<typeof text, string | null>(true);
  const user = await client.getJson<User>('key', { integers: 'bigint' });
  same<typeof user, User | null>(true);
  const anything = await client.getJson('key');
  same<typeof anything, unknown>(true);
  const deleted: boolean = await client.delete('key');
  const keys: string[] = await client.keys();
  const values = await client.mget(['a', new Uint8Array(1)], { concurrency: 2 });
  same<typeof values, (Uint8Array | null)[]>(true);
  await client.mset(new Map([['a', 'b']]));
  await client.mset([['a', new Uint8Array(1)]]);
  await client.setEx('a', 'b', 5);
  await client.setEx('a', 'b', { ttlMs: 5000, attemptTimeoutMs: 5 });
  const milliseconds: number = await client.ping();
  const metrics: LensDBMetrics = client.getMetrics();
  const count: number | undefined = metrics.operations['get_success'];
  void [deleted, keys, milliseconds, count];

  // @ts-expect-error a number is no key
  await client.get(5);
  // @ts-expect-error the option is timeoutMs
  await client.get('a', { timeout: 5 });
  // @ts-expect-error a time to live is needed
  await client.setEx('a', 'b');
  // @ts-expect-error a codec is needed
  await client.getObject('a', {});
  // @ts-expect-error an unknown dialect
  void new LensDBClient({ dialect: 'redis' });
}

export async function codecs(client: LensDBClient): Promise<void> {
  const dates: ValueCodec<Date> = {
    encode: (date) => new TextEncoder().encode(date.toISOString()),
    decode: (bytes) => new Date(new TextDecoder().decode(bytes)),
  };
  await client.setObject('a', new Date(), { codec: dates, ttl: 5 });
  const date = await client.getObject('a', { codec: dates });
  same<typeof date, Date | null>(true);
  for (const codec of [jsonCodec, messagePackCodec, v8Codec]) await client.setObject('a', { any: 1 }, { codec });
  // @ts-expect-error a Date is wanted
  await client.setObject('a', 'text', { codec: dates });
}

export function errors(error: unknown): string {
  if (error instanceof LensDBStorageFullError) return error.code satisfies 'STORAGE_FULL';
  if (error instanceof LensDBInvalidKeyError) return error.code satisfies 'INVALID_KEY';
  if (error instanceof BatchError) return String(error.details.outcomes.length);
  if (error instanceof TimeoutError || error instanceof ConnectionError || error instanceof OverloadedError) {
    return error.outcome satisfies 'not-sent' | 'unknown' | 'rejected';
  }
  if (error instanceof ServerError) return String(error.details['serverMessage']);
  if (error instanceof LensDBError) return error.code satisfies LensDBErrorCode;
  return error instanceof ClientError ? error.code : 'other';
}

export async function pools(): Promise<void> {
  const pool = new ConnectionPool({ host: '127.0.0.1', port: 8080, maxConnections: 10 });
  const connection: LensDBConnection = await pool.getConnection({ timeoutMs: 5 });
  await connection.set('a', 'b');
  pool.returnConnection(connection);
  await pool.close({ timeoutMs: 5 });
  // @ts-expect-error a pool repeats nothing
  void new ConnectionPool({ maxRetries: 1 });
}

export async function disposal(): Promise<number> {
  await using client = new LensDBClient('lensdb://localhost');
  await using pool = new ConnectionPool();
  await using connection = await pool.getConnection();
  void [client, connection];
  return withClient('lensdb://localhost', async (each) => each.size());
}

export function numbers(): void {
  const ping: 9 = MessageType.PING;
  const other: 0 = LensMessageType.PING;
  const status: 2 = ResponseStatus.KEY_NOT_FOUND;
  void [ping, other, status];
}
