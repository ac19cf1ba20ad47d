import { describe, expect, it } from 'vitest';
import { valueOf, versionIn } from '../../soak/values.ts';

describe('values of a soak', () => {
  it('say which version they are', () => {
    for (let version = 1; version < 200; version += 1) expect(versionIn(7, valueOf(7, version))).toBe(version);
  });

  it('are refused under another key, and when a byte is wrong, missing or too many', () => {
    expect(versionIn(8, valueOf(7, 3))).toBe('a value of key 7');
    const value = valueOf(7, 3);
    expect(versionIn(7, value.subarray(0, -1))).toMatch(/damaged/);
    expect(versionIn(7, Uint8Array.of(...value, 0))).toMatch(/damaged/);
    expect(versionIn(7, Uint8Array.of(1, 2, 3))).toBe('3 bytes, which are no value of this run');
    for (let at = 4; at < value.length; at += 1) {
      const changed = value.slice();
      changed[at] = (changed[at] as number) ^ 1;
      expect(versionIn(7, changed)).not.toBe(3);
    }
  });

  it('fit into a request of 4096 bytes', () => {
    const lengths = Array.from({ length: 5000 }, (_, version) => valueOf(1, version).length);
    expect(Math.max(...lengths)).toBeLessThan(4096 - 18 - 40);
    expect(Math.max(...lengths)).toBeGreaterThan(3000);
  });
});
