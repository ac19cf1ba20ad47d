/** A client, a scripted server and virtual time between them. */

import { createFakePorts, type FakePorts, type PipeConditions, VirtualNet } from '@wirewright/core/testing';
import { SynapClient, type SynapOptions } from './client.ts';
import { SynapPeer } from './peer.ts';

export interface World {
  readonly ports: FakePorts;
  readonly net: VirtualNet;
  readonly peer: SynapPeer;
  readonly client: SynapClient;
  /** Runs for so many virtual milliseconds; 5 are a few round trips. */
  run(ms?: number): Promise<void>;
  /** The client ends, and leaves nothing behind. */
  end(): Promise<void>;
}

const target = { host: 'synap.test', port: 15501 };

export function createWorld(
  options: Omit<SynapOptions, 'target' | 'runtime'> = {},
  conditions: { up?: Partial<PipeConditions>; down?: Partial<PipeConditions> } = {},
): World {
  const ports = createFakePorts();
  const net = new VirtualNet({ clock: ports.clock, random: ports.random, ...conditions });
  const peer = new SynapPeer();
  net.listen(target, peer.accept);
  const client = new SynapClient({ ...options, target, runtime: { ...ports, net } });
  const run = (ms = 5): Promise<void> => ports.clock.advance(ms);
  return {
    ports,
    net,
    peer,
    client,
    run,
    async end() {
      const closing = client.close();
      await run(6000);
      await closing;
      const left = {
        sockets: net.openSockets,
        timers: ports.clock.pendingTimers,
        calls: client.caller.timekeeper.size,
      };
      if (left.sockets + left.timers + left.calls > 0) throw new Error(`left behind: ${JSON.stringify(left)}`);
    },
  };
}

/** What a call has come to by now: its value, its error, or `undefined` while it waits. */
export function watch<T>(call: Promise<T>): { value?: T; error?: unknown; settled: boolean } {
  const seen: { value?: T; error?: unknown; settled: boolean } = { settled: false };
  call.then(
    (value) => Object.assign(seen, { value, settled: true }),
    (error: unknown) => Object.assign(seen, { error, settled: true }),
  );
  return seen;
}
