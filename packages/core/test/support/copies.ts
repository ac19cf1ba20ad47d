import { vi } from 'vitest';

export interface Copies {
  /** Lengths of the arrays that were made. */
  readonly allocated: number[];
  /** Bytes that were copied by `set`. */
  copied: number;
}

/** Runs `run` and counts what it allocates and copies in `Uint8Array`s. */
export function countCopies(run: () => void): Copies {
  const counted: Copies = { allocated: [], copied: 0 };
  const { set } = Uint8Array.prototype;
  const spy = vi.spyOn(Uint8Array.prototype, 'set').mockImplementation(function count(
    this: Uint8Array,
    source,
    offset,
  ) {
    counted.copied += source.length;
    set.call(this, source, offset);
  });
  const Original = Uint8Array;
  vi.stubGlobal(
    'Uint8Array',
    new Proxy(Original, {
      construct(target, args, newTarget) {
        if (typeof args[0] === 'number') counted.allocated.push(args[0]);
        return Reflect.construct(target, args, newTarget) as object;
      },
    }),
  );
  try {
    run();
  } finally {
    vi.unstubAllGlobals();
    spy.mockRestore();
  }
  return counted;
}
