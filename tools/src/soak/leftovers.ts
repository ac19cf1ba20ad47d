/** What is left in the process when all is closed: handles that keep it alive, and listeners on it. */

/** How long what is closing may take to be gone. */
const patienceMs = 5000;

export interface Inventory {
  /** Kinds of resources that keep the process alive, with how many of each. */
  readonly handles: Readonly<Record<string, number>>;
  /** Events of `process` with how many listeners each. */
  readonly listeners: Readonly<Record<string, number>>;
}

export function takeInventory(): Inventory {
  const handles: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  const listeners: Record<string, number> = {};
  for (const event of process.eventNames()) {
    listeners[String(event)] = process.listenerCount(event);
  }
  return { handles, listeners };
}

/** What there is now and was not `before`: `2 TCPSocketWrap`. Waits a little for what is closing. */
export async function findLeftovers(before: Inventory): Promise<string[]> {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    const found = compareInventories(before, takeInventory());
    if (found.length === 0 || performance.now() > giveUpAt) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What `after` has more than `before`. */
export function compareInventories(before: Inventory, after: Inventory): string[] {
  return [
    ...more(before.handles, after.handles, ''),
    ...more(before.listeners, after.listeners, 'process listener for '),
  ];
}

function more(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
  prefix: string,
): string[] {
  return Object.entries(after).flatMap(([name, count]) => {
    const extra = count - (before[name] ?? 0);
    return extra > 0 ? [`${extra} ${prefix}${name}`] : [];
  });
}
