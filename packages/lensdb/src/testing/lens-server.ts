/** An in-process server of the dialect `lens`. */

import { ArgumentError } from '@wirewright/core';
import { LensHandler } from './lens-handler.ts';
import { asMeasured, documented, type LensSwitches } from './lens-switches.ts';
import { Listener } from './listener.ts';
import { TestStore } from './store.ts';
import { applySwitches, splitOptions } from './switches.ts';
import type { ListenOptions, TestServer } from './test-server.ts';

export interface LensServerOptions extends ListenOptions, Partial<LensSwitches> {
  /**
   * What the switches are at the start, apart from those given: `documented` (default), or as the server of that
   * version was measured.
   */
  readonly behaviour?: 'documented' | '0.1.0.0';
}

const behaviours = { documented, '0.1.0.0': asMeasured };

export type LensServer = TestServer<LensSwitches>;

/**
 * Starts a server of the dialect `lens` on a real socket.
 *
 * By default it behaves as documented: frames are put together from any pieces, SETEX works, a full store answers
 * status 3. With `behaviour: '0.1.0.0'` it is the measured server, byte for byte: each read is one request (section
 * 2.7), SETEX is never answered, an idle connection is not read any more after 300 s, a write into a full store
 * waits. In both, expiry is lazy: only GET notices it (section 2.8).
 *
 * @throws ArgumentError on an option that does not exist; the system's error when it cannot listen
 */
export async function startLensServer(options: LensServerOptions = {}): Promise<LensServer> {
  const { behaviour = 'documented', ...rest } = options;
  if (!Object.hasOwn(behaviours, behaviour)) {
    throw new ArgumentError(`'behaviour' must be one of '${Object.keys(behaviours).join("', '")}'`);
  }
  const { place, switches } = splitOptions(rest);
  return await Listener.start<LensSwitches>(place, {
    switches: applySwitches(behaviours[behaviour], switches),
    createStore: (time, current) => new TestStore(time, 'lazy', current),
    createHandler: (store, current) => new LensHandler(store, current),
  });
}
