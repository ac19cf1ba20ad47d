import { silentTelemetry, type Telemetry } from '../telemetry.ts';
import { channelTelemetry, type DiagnosticsModules } from './channels.ts';

/** The part of the global object that is looked at; browsers have none of it. */
interface Host {
  process?: { getBuiltinModule?(name: string): unknown };
}

// The one look around, and nothing depends on what it finds: without channels, telemetry is silent.
// oxlint-disable-next-line no-restricted-globals
const thisHost: object = globalThis;

/**
 * Telemetry on the platform's diagnostics channels, where it has any; silent otherwise. For clients that run
 * anywhere: nothing is imported.
 */
export function hostTelemetry(system: string, host: object = thisHost): Telemetry {
  const { process } = host as Host;
  const diagnosticsChannel = process?.getBuiltinModule?.('node:diagnostics_channel');
  if (!diagnosticsChannel) return silentTelemetry;
  const util = process?.getBuiltinModule?.('node:util');
  return channelTelemetry(system, { diagnosticsChannel, util } as DiagnosticsModules);
}
