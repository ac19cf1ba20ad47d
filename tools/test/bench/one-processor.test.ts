import { describe, expect, it } from 'vitest';
import { OneProcessor } from '../../src/bench/one-processor.ts';

/** A system with these processes and their masks, which `fails` keeps from being moved. */
function system(masks: Record<number, string>, fails?: number): (args: readonly string[]) => string {
  masks[process.pid] = 'f';
  return ([flags, ...rest]) => {
    const pid = Number(rest.at(-1));
    const mask = masks[pid];
    if (mask === undefined) throw new Error('no such process');
    if (flags === '-p') return `pid ${pid}'s current affinity mask: ${mask}\n`;
    if (pid === fails) throw new Error('not permitted');
    masks[pid] = rest[0] as string;
    return '';
  };
}

describe.runIf(process.platform === 'linux')('OneProcessor', () => {
  it('moves processes to one processor, and lets them run where they could before', () => {
    const masks: Record<number, string> = { 1: 'f', 2: 'ffff0000', 3: 'c' };
    const place = OneProcessor.find(system(masks));
    expect([1, 2, 3].map((pid) => place?.hold(pid))).toEqual([true, true, true]);
    expect([masks[1], masks[2], masks[3]]).toEqual(['1', '10000', '4']);
    place?.letGo();
    expect([masks[1], masks[2], masks[3]]).toEqual(['f', 'ffff0000', 'c']);
  });

  it('says what it may not move, and does not mind who has ended', () => {
    const masks: Record<number, string> = { 1: '3', 2: '3' };
    const place = OneProcessor.find(system(masks, 2));
    expect([place?.hold(1), place?.hold(2), place?.hold(99)]).toEqual([true, false, false]);
    delete masks[1];
    place?.letGo();
    expect(masks[2]).toBe('3');
  });

  it('is not there without taskset', () => {
    const absent = (): string => {
      throw new Error('ENOENT');
    };
    expect(OneProcessor.find(absent)).toBe(undefined);
  });
});
