/** Latencies, as a histogram that costs the same however many there are. */

/** Each doubling is divided into this many buckets (32): a bucket is at most 3 % wide. */
const subBucketBits = 5;
const subBuckets = 1 << subBucketBits;
/** Doublings above the first bucket group that 32 bits can hold. */
const bucketCount = (32 - subBucketBits + 1) * subBuckets;
/** The longest latency that is told apart, in microseconds: 71 minutes. */
const longestMicros = 2 ** 32 - 1;

/** Log-linear: below 64 µs one bucket per microsecond, above that 32 per doubling. No branches, no allocation. */
function bucketOf(micros: number): number {
  const shift = 31 - subBucketBits - Math.clz32(micros | subBuckets);
  return (shift << subBucketBits) + (micros >>> shift);
}

/** The middle of a bucket, in microseconds. */
function middleOf(bucket: number): number {
  const shift = Math.max(0, (bucket >>> subBucketBits) - 1);
  return (bucket - (shift << subBucketBits)) * 2 ** shift + (2 ** shift - 1) / 2;
}

export interface LatencySummary {
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/**
 * A log-linear histogram of durations in milliseconds: exact in count, mean and maximum, to 1.6 % or half a
 * microsecond in percentiles, up to 71 minutes, in 7 KB.
 */
export class LatencyHistogram {
  /** Doubles, because a long life counts beyond 32 bits. */
  readonly #buckets = new Float64Array(bucketCount);
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  /** Negative durations and NaN, as a clock that misbehaves gives them, count as 0. */
  record(ms: number): void {
    const duration = ms > 0 ? ms : 0;
    const bucket = bucketOf(Math.min(duration * 1000 + 0.5, longestMicros) >>> 0);
    (this.#buckets[bucket] as number) += 1;
    this.#count += 1;
    this.#sumMs += duration;
    if (duration > this.#maxMs) this.#maxMs = duration;
  }

  get count(): number {
    return this.#count;
  }

  /** 0 before the first record. */
  get meanMs(): number {
    return this.#count === 0 ? 0 : this.#sumMs / this.#count;
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  /**
   * The duration in ms that this share of all durations does not exceed.
   *
   * @param share - 0 to 1: 0.99 for the 99th percentile
   * @returns 0 before the first record
   */
  percentileMs(share: number): number {
    const rank = Math.max(1, Math.ceil(Math.min(1, share) * this.#count));
    let seen = 0;
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      seen += this.#buckets[bucket] as number;
      if (seen >= rank) return Math.min(middleOf(bucket) / 1000, this.#maxMs);
    }
    return this.#maxMs;
  }

  /** Adds what `other` has recorded. */
  merge(other: LatencyHistogram): void {
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      (this.#buckets[bucket] as number) += other.#buckets[bucket] as number;
    }
    this.#count += other.#count;
    this.#sumMs += other.#sumMs;
    this.#maxMs = Math.max(this.#maxMs, other.#maxMs);
  }

  /** Forgets everything. */
  reset(): void {
    this.#buckets.fill(0);
    this.#count = this.#sumMs = this.#maxMs = 0;
  }

  summary(): LatencySummary {
    return {
      count: this.#count,
      meanMs: this.meanMs,
      p50Ms: this.percentileMs(0.5),
      p90Ms: this.percentileMs(0.9),
      p99Ms: this.percentileMs(0.99),
      p999Ms: this.percentileMs(0.999),
      maxMs: this.#maxMs,
    };
  }

  toJSON(): LatencySummary {
    return this.summary();
  }
}
