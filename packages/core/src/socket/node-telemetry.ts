/** Node's side of telemetry. */

import diagnosticsChannel from 'node:diagnostics_channel';
import util from 'node:util';
import { channelTelemetry } from '../telemetry/channels.ts';
import type { Telemetry } from '../telemetry.ts';

/**
 * Telemetry on the tracing channels `tracing:wirewright:<system>:<operation>:{start,end,asyncStart,asyncEnd,error}`.
 * `NODE_DEBUG=wirewright` prints their events to stderr, a line each.
 */
export function nodeTelemetry(system: string): Telemetry {
  return channelTelemetry(system, { diagnosticsChannel, util });
}
