import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Lets the event loop turn once. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Collects what nothing holds any more; a WeakRef that was read in this turn holds until the next. */
export async function collectGarbage(): Promise<void> {
  await turn();
  gc();
  await turn();
}
