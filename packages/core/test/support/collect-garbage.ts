import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Collects what nothing holds any more; a WeakRef that was read in this turn holds until the next. */
export async function collectGarbage(): Promise<void> {
  await setImmediate();
  gc();
  await setImmediate();
}
