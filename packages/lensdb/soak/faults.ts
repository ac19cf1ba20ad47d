/** What the proxy does to the traffic: faults that TCP can show, each operation meeting one with a given probability. */

import type { FaultRule } from '@wirewright/core/testing';

/** Shares of all faults. They strike at a request or at its answer, of which each operation has one. */
const shares: readonly (readonly [share: number, rule: FaultRule])[] = [
  // The request is lost with its connection.
  [0.14, { fault: { type: 'reset' }, direction: 'request', watch: 'request' }],
  // The request was done, its answer is lost with its connection.
  [0.14, { fault: { type: 'reset' }, direction: 'answer', watch: 'answer' }],
  [0.1, { fault: { type: 'reset', seenBy: 'client' }, direction: 'answer', watch: 'answer' }],
  // The client is told that no answer comes; the request may be done.
  [0.12, { fault: { type: 'fin' }, direction: 'answer', watch: 'request' }],
  // The server is told that no request comes.
  [0.08, { fault: { type: 'fin' }, direction: 'request', watch: 'request' }],
  // Nobody is told anything.
  [0.06, { fault: { type: 'black-hole' }, direction: 'request', watch: 'request' }],
  [0.06, { fault: { type: 'black-hole' }, direction: 'answer', watch: 'answer' }],
  [0.06, { fault: { type: 'half-open', gone: 'server' }, watch: 'request' }],
  // Late: also later than the caller waits.
  [0.08, { fault: { type: 'delay', delayMs: 30 }, direction: 'answer' }],
  [0.04, { fault: { type: 'delay', delayMs: 400 }, direction: 'answer' }],
  [0.04, { fault: { type: 'delay', delayMs: 400 }, direction: 'request' }],
  // A list of all keys would drip for minutes.
  [0.08, { fault: { type: 'drip' }, direction: 'answer', when: { where: ({ bytes }) => bytes.length < 4096 } }],
];

/** Connections are few beside operations: so many of them are refused, whatever the share of faults. */
const refused = 0.1;

export function faultRules(probability: number): FaultRule[] {
  if (probability === 0) return [];
  const rules = shares.map(([share, rule]) => ({
    // Faults of connections strike when bytes come, not when a connection does.
    when: { where: () => true },
    ...rule,
    probability: probability * share,
  }));
  return [...rules, { fault: { type: 'refuse' }, probability: refused }];
}
