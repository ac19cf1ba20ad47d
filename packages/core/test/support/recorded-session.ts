/** A session of lines that writes down what it tells. */

import { expect } from 'vitest';
import { Failure } from '../../src/index.ts';
import type { SessionState } from '../../src/socket/index.ts';
import { createLines, type LineOptions, type Lines } from './lines.ts';

export type SessionSettings = NonNullable<LineOptions['session']>;

export function recorded(
  settings: SessionSettings = {},
  options: LineOptions = {},
): Lines & { readonly told: string[] } {
  const told: string[] = [];
  const lines = createLines({
    ...options,
    session: {
      onState: (state) => told.push(describeState(state)),
      onDown: (epoch, { code }) => told.push(`lost ${epoch}: ${code}`),
      ...settings,
    },
  });
  return Object.assign(lines, { told });
}

function describeState(state: SessionState): string {
  switch (state.is) {
    case 'idle':
      return `idle${state.cause ? `: ${state.cause.code}` : ''}`;
    case 'connecting':
      return `connecting ${state.epoch}${state.cause ? `: ${state.cause.code}` : ''}`;
    case 'up':
      return `up ${state.epoch} ${state.endpoint}`;
    case 'down':
      return `down: ${state.cause.code}, ${state.retryInMs}`;
    case 'closed':
      return `closed: ${state.cause.code}`;
  }
}

export const over = new Failure({ kind: 'closed', message: 'over', outcome: 'not-sent', retryable: false });
export const dropped = new Failure({
  kind: 'connection',
  code: 'DROPPED',
  message: 'dropped',
  outcome: 'unknown',
  retryable: true,
});

/** Nothing is left that was ever opened or armed. */
export function expectNothingLeft({ net, ports, timekeeper }: Lines): void {
  expect([net.openSockets, ports.clock.pendingTimers, timekeeper.size]).toEqual([0, 0, 0]);
}
