/** An in-process server of the dialect `ldbd`. */

import { LdbdHandler } from './ldbd-handler.ts';
import { documented, type LdbdSwitches } from './ldbd-switches.ts';
import { Listener } from './listener.ts';
import { TestStore } from './store.ts';
import { applySwitches, splitOptions } from './switches.ts';
import type { ListenOptions, TestServer } from './test-server.ts';

export interface LdbdServerOptions extends ListenOptions, Partial<LdbdSwitches> {}

export type LdbdServer = TestServer<LdbdSwitches>;

const unlimited = { maxEntries: Infinity, maxTotalValueBytes: Infinity };

/**
 * Starts a server of the dialect `ldbd` on a real socket, as section 3 of the specification has it. No such server is
 * published: what the document leaves open is a switch. Expiry is exact: no command sees an expired entry.
 *
 * @throws ArgumentError on an option that does not exist; the system's error when it cannot listen
 */
export async function startLdbdServer(options: LdbdServerOptions = {}): Promise<LdbdServer> {
  const { place, switches } = splitOptions(options);
  return await Listener.start<LdbdSwitches>(place, {
    switches: applySwitches(documented, switches),
    createStore: (time) => new TestStore(time, 'exact', () => unlimited),
    createHandler: (store, current) => new LdbdHandler(store, current),
  });
}
