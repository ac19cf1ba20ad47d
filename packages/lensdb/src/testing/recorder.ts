/** What a testing server saw: counters, and the last requests without their contents. */

export interface RecordedRequest {
  /** Number of the connection, from 1, in the order of acceptance. */
  readonly connection: number;
  /** `GET`, `SETEX` …; undefined for what was no request. */
  readonly type: string | undefined;
  readonly keyLength: number;
  readonly valueLength: number;
}

export interface ServerStats {
  /** Connections that were accepted, those over the limit included. */
  readonly accepted: number;
  /** Connections that were closed because of `maxConnections`. */
  readonly refused: number;
  /** Connections that are open now. */
  readonly open: number;
  /** Bytes that were read, ignored ones included. */
  readonly receivedBytes: number;
  /** Requests that were read, malformed ones included. */
  readonly requests: number;
  /** Reads or frames that were no request. */
  readonly malformed: number;
  /** Reads that came while an answer was due on the same connection: pipelining, or reuse after a time-out. */
  readonly overlapping: number;
  /** Bytes that came on connections that are no longer read: after idling, an unrouted SETEX, or a silent fault. */
  readonly ignoredBytes: number;
  /** Answers, or pieces of them, that wait for `release()`. */
  readonly held: number;
}

/** Requests that are remembered. */
const logLength = 10_000;

interface Watcher {
  readonly condition: (stats: ServerStats) => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Recorder {
  #requests: RecordedRequest[] = [];
  #stats: ServerStats = {
    accepted: 0,
    refused: 0,
    open: 0,
    receivedBytes: 0,
    requests: 0,
    malformed: 0,
    overlapping: 0,
    ignoredBytes: 0,
    held: 0,
  };
  readonly #watchers: Set<Watcher> = new Set();

  get requests(): readonly RecordedRequest[] {
    return this.#requests.slice(-logLength);
  }

  get stats(): ServerStats {
    return this.#stats;
  }

  count(changes: Partial<Record<keyof ServerStats, number>>): void {
    const stats: Record<string, number> = { ...this.#stats };
    for (const [name, change] of Object.entries(changes)) stats[name] = (stats[name] ?? 0) + change;
    this.#stats = stats as unknown as ServerStats;
    for (const watcher of this.#watchers) {
      if (!watcher.condition(this.#stats)) continue;
      this.#watchers.delete(watcher);
      watcher.resolve();
    }
  }

  request(request: RecordedRequest): void {
    this.#requests.push(request);
    if (this.#requests.length >= 2 * logLength) this.#requests = this.#requests.slice(-logLength);
    this.count({ requests: 1, ...(request.type === undefined ? { malformed: 1 } : {}) });
  }

  when(condition: (stats: ServerStats) => boolean): Promise<void> {
    if (condition(this.#stats)) return Promise.resolve();
    return new Promise((resolve, reject) => this.#watchers.add({ condition, resolve, reject }));
  }

  close(): void {
    for (const { reject } of this.#watchers) reject(new Error('the testing server was closed before it happened'));
    this.#watchers.clear();
  }
}
