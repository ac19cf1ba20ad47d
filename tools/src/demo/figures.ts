/** Figures as people read them. */

/** `3,376` */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `0.42 ms`, `12 ms`, `3.1 s`: three digits at most say all there is to say. */
export function duration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms.toFixed(ms >= 10 ? 0 : 2)} ms`;
}

/** `812 bytes`, `1.3 MB` */
export function size(bytes: number): string {
  if (bytes < 10_000) return `${count(bytes)} bytes`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(0)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
