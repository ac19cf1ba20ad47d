import { describe, expect, it } from 'vitest';
import type { SocketHandler } from '../../src/socket/net.ts';
import { poisonByte, poisoned } from '../../src/testing/poison.ts';
import { Recorder } from '../socket/recorder.ts';

describe('poisoned', () => {
  it('hands everything on, and spoils the buffer after each callback, also one that throws', () => {
    const seen = new Recorder();
    let inner: SocketHandler | undefined;
    const socket = { write: () => true } as never;
    const net = poisoned({ dial: (_options, handler) => ((inner = handler), socket) });
    expect(net.dial({ target: { path: '/x' }, keepAliveMs: 0 }, seen)).toBe(socket);
    const original = Uint8Array.of(1, 2, 3, 9);
    inner?.onOpen();
    inner?.onData(original, 3);
    inner?.onDrain();
    inner?.onEnd();
    const [buffer] = seen.buffers;
    expect(seen.received).toEqual([1, 2, 3]);
    expect([...(buffer as Uint8Array).subarray(0, 3)]).toEqual([poisonByte, poisonByte, poisonByte]);
    expect([...original]).toEqual([1, 2, 3, 9]);
    seen.onEach = () => {
      throw new Error('decoder');
    };
    expect(() => inner?.onData(original, 2)).toThrow('decoder');
    expect((buffer as Uint8Array)[1]).toBe(poisonByte);
    seen.onEach = undefined;
    const large = new Uint8Array(100_000).fill(7);
    inner?.onData(large, large.length);
    expect(seen.received.length).toBe(5 + 100_000);
    const error = new Error('lost');
    inner?.onClose(error);
    expect([seen.events, seen.error]).toEqual([['open', 'drain', 'end', 'close'], error]);
  });
});
