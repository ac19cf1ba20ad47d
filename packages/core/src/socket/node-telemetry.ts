/** Node's side of telemetry. */

import diagnosticsChannel from 'node:diagnostics_channel';
import { channelTelemetry } from '../telemetry/channels.ts';
import type { Telemetry } from '../telemetry.ts';

/**
 * Telemetry on the tracing channels `tracing:wirewright:<system>:<operation>:{start,end,asyncStart,asyncEnd,error}`.
 * `NODE_DEBUG=wirewright` prints their events to stderr, a line each.
 */
export function nodeTelemetry(system: string): Telemetry {
  // Imported, it would bring along all that it has for command lines: a millisecond of each client's start.
  const util = process.getBuiltinModule('node:util');
  return channelTelemetry(system, { diagnosticsChannel, util });
}
