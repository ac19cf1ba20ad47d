import type { TraceMessage } from '../telemetry.ts';

/** Said by the first words of the line already. */
const implied = new Set(['db.system.name', 'db.operation.name']);

/** One event as a line for `NODE_DEBUG=wirewright`. */
export function debugLine(event: string, { system, operation, attributes }: TraceMessage): string {
  const facts = Object.entries(attributes)
    .filter(([name]) => !implied.has(name))
    .map(([name, value]) => `${name}=${value}`);
  return [system, operation, event, ...facts].join(' ');
}
