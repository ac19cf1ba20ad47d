/** Ten thousand calls at once when nothing listens: every one settles, and the process stays awake meanwhile. */

import { type BenchClient, type BenchSetup, type DrivenRun, freePort } from '@wirewright/tools/bench';
import { RespClient } from '../examples/resp/client.ts';

/** What the calls are given, in which the address is dialled again and again. */
const timeoutMs = 1000;

export async function openDeadAddress({ depth }: BenchSetup): Promise<BenchClient> {
  const client = new RespClient({ target: { host: '127.0.0.1', port: await freePort() } });
  const call = async (run: DrivenRun): Promise<number> => {
    const start = performance.now();
    const failed = await client.get('nobody', { timeoutMs }).then(
      () => 0,
      () => 1,
    );
    run.record(performance.now() - start);
    return failed;
  };
  const drive = async (run: DrivenRun): Promise<number> => {
    const failed = await Promise.all(Array.from({ length: depth }, () => call(run)));
    return failed.reduce<number>((sum, one) => sum + one, 0);
  };
  return { drive, close: () => client.close(0) };
}
