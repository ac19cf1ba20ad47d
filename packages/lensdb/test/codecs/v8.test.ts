import { describe, expect, it } from 'vitest';
import { v8Codec as codec } from '../../src/codecs/v8.ts';

describe("V8's format", () => {
  it('brings back all that structured clone can', async () => {
    const value = {
      map: new Map([[1n, new Set(['x'])]]),
      list: new Float32Array([1.5]),
      at: new Date(0),
      none: undefined,
    };
    const stored = await codec.encode(value);
    expect(stored.constructor).toBe(Uint8Array);
    expect(await codec.decode(stored)).toEqual(value);
  });

  it('refuses what it cannot', async () => {
    await expect(codec.encode(() => 1)).rejects.toThrow(/could not be cloned/);
    await expect(codec.decode(Uint8Array.of(1, 2, 3))).rejects.toThrow();
  });
});
