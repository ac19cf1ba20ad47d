/** What must hold all the time. */

import { Rule } from '@wirewright/tools/soak';

export class Rules {
  readonly acknowledged: Rule = new Rule(
    'what was acknowledged is there; a write of unknown outcome left the old or the new',
  );
  readonly own: Rule = new Rule(
    'nobody gets the value of another key, a damaged one, or a version that was not written then',
  );
  readonly answers: Rule = new Rule('exists, delete, size, ping and serverStats answer what was asked');
  readonly keys: Rule = new Rule('at quiet moments, keys lists exactly what is there');
  readonly typed: Rule = new Rule('every failure is a LensDBError that the faults explain');
  readonly notSent: Rule = new Rule('a write that failed as not sent was not sent');
  readonly once: Rule = new Rule('with retryWrites off, no write is sent twice');
  readonly settled: Rule = new Rule('every call settles by its deadline, give or take ticks of the event loop');
  readonly end: Rule = new Rule('in the end every key holds what it may hold');
  readonly left: Rule = new Rule('after close(): no socket, no timer, no listener on a signal');

  all(): readonly Rule[] {
    return Object.values(this) as Rule[];
  }
}
