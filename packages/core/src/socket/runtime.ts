/** Everything that a client takes from the world, in one object: ports and sockets. */

import { type Ports, systemPorts } from '../ports.ts';
import type { Net } from './net.ts';
import { nodeNet } from './node-net.ts';

export interface Runtime extends Ports {
  readonly net: Net;
}

/** The platform's: the default of every client. A test or a simulator brings its own. */
export const nodeRuntime: Runtime = Object.freeze({ ...systemPorts, net: nodeNet });
