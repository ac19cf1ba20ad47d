/** The faults, each in each phase: what TCP can show, and what only a broken network or a proxy does. */

import type { FaultRule } from '@wirewright/core/testing';

export interface ChaosCase {
  readonly name: string;
  readonly rule: FaultRule;
  /** The network changes bytes: only the ends of calls are looked at, and no real server is shown this. */
  readonly corrupts?: boolean;
}

const phases = ['idle', 'handshake', 'request', 'answer'] as const;

/** Faults of a connection, in a phase of it. */
const ofConnections: readonly [name: string, Omit<FaultRule, 'when'>][] = [
  ['reset seen by both', { fault: { type: 'reset' } }],
  ['reset seen by the client', { fault: { type: 'reset', seenBy: 'client' } }],
  ['reset seen by the server', { fault: { type: 'reset', seenBy: 'server' } }],
  ['FIN from the server', { fault: { type: 'fin' }, direction: 'answer' }],
  ['FIN from the client', { fault: { type: 'fin' }, direction: 'request' }],
  ['black hole', { fault: { type: 'black-hole' } }],
  ['black hole for answers', { fault: { type: 'black-hole' }, direction: 'answer' }],
  ['half-open', { fault: { type: 'half-open' } }],
  ['half-open, then a reset', { fault: { type: 'half-open', afterwards: 'reset' } }],
];

/** Faults of what passes, in a direction. */
const ofChunks: readonly [name: string, FaultRule, corrupts: boolean][] = [
  ['drip of answers', { fault: { type: 'drip' }, direction: 'answer' }, false],
  ['split of answers', { fault: { type: 'split' }, direction: 'answer' }, false],
  ['delay', { fault: { type: 'delay', delayMs: 1 }, probability: 0.3 }, false],
  [
    'truncated answers, then FIN',
    {
      fault: { type: 'truncate', afterwards: 'fin' },
      direction: 'answer',
      // Behind the probe, an `ldbd` server says so that its answers end with the stream, all of them.
      when: { where: ({ phase }) => phase !== 'handshake' },
    },
    false,
  ],
  ['truncated answers, then reset', { fault: { type: 'truncate', afterwards: 'reset' }, direction: 'answer' }, false],
  ['duplicate answers', { fault: { type: 'duplicate' }, direction: 'answer' }, true],
  ['duplicate requests', { fault: { type: 'duplicate' }, direction: 'request' }, true],
  ['corrupt answers', { fault: { type: 'corrupt' }, direction: 'answer' }, true],
  ['corrupt requests', { fault: { type: 'corrupt' }, direction: 'request' }, true],
  ['truncated answers that go on', { fault: { type: 'truncate' }, direction: 'answer' }, true],
  ['truncated requests that go on', { fault: { type: 'truncate' }, direction: 'request' }, true],
];

export const chaosCases: readonly ChaosCase[] = [
  { name: 'refused connections', rule: { fault: { type: 'refuse' }, probability: 0.4 } },
  ...ofConnections.flatMap(([name, rule]) =>
    phases.map((phase): ChaosCase => ({
      name: `${name}, ${phase}`,
      rule: { ...rule, when: { phase }, probability: 0.15 },
    })),
  ),
  ...ofChunks.map(([name, rule, corrupts]): ChaosCase => ({ name, rule: { probability: 0.15, ...rule }, corrupts })),
];
