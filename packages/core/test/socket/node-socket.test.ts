import { describe, expect, it } from 'vitest';
import { NodeSocket } from '../../src/socket/node-socket.ts';
import { Recorder } from './recorder.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const tick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/** A stream in the hands of the test; `calls` has what the socket asked of it. */
class PuppetStream {
  readonly calls: string[] = [];
  readonly callbacks: (() => void)[] = [];
  writableLength = 0;
  readonly #listeners = new Map<string, (...args: never[]) => void>();

  on(event: string, listener: (...args: never[]) => void): void {
    this.#listeners.set(event, listener);
  }

  emit(event: string, ...args: unknown[]): void {
    this.#listeners.get(event)?.(...(args as never[]));
  }

  write(chunk: Uint8Array, callback?: () => void): boolean {
    this.calls.push(`write ${new TextDecoder().decode(chunk)}`);
    if (callback) this.callbacks.push(callback);
    return true;
  }

  cork(): void {
    this.calls.push('cork');
  }

  uncork(): void {
    this.calls.push('uncork');
  }

  end(): void {
    this.calls.push('end');
  }

  destroy(): void {
    this.calls.push('destroy');
  }

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }
}

function start(): { stream: PuppetStream; seen: Recorder; socket: NodeSocket; receive(text: string): void } {
  const stream = new PuppetStream();
  const seen = new Recorder();
  const socket = new NodeSocket(seen);
  socket.attach(stream, 'connect');
  // As Node does with a static buffer: the same memory each time.
  const buffer = new Uint8Array(16);
  const receive = (text: string): void => {
    buffer.set(bytes(text));
    socket.received(buffer, text.length);
    buffer.fill(0x21);
  };
  return { stream, seen, socket, receive };
}

describe('NodeSocket', () => {
  it('keeps what comes in while paused, and hands it over on resume before it reads on', async () => {
    const { stream, seen, socket, receive } = start();
    stream.emit('connect');
    socket.pause();
    receive('one');
    receive('two');
    stream.emit('end');
    expect(seen.log).toEqual(['open']);
    socket.resume();
    expect(seen.log).toEqual(['open']);
    await tick();
    expect(seen.log).toEqual(['open', 'data', 'data', 'end']);
    expect(seen.text).toBe('onetwo');
  });

  it('stops handing over when it is paused again, or destroyed, in the middle', async () => {
    const { stream, seen, socket, receive } = start();
    stream.emit('connect');
    socket.pause();
    for (const text of ['one', 'two', 'three', 'four']) receive(text);
    seen.onEach = () => socket.pause();
    socket.resume();
    await tick();
    expect(seen.text).toBe('one');
    receive('five');
    socket.resume();
    await tick();
    expect(seen.text).toBe('onetwo');
    seen.onEach = () => socket.destroy();
    socket.resume();
    await tick();
    expect(seen.text).toBe('onetwothree');
    expect(stream.calls).toEqual(['pause', 'pause', 'pause', 'destroy']);
  });

  it('reads on after what it had kept, in order', async () => {
    const { stream, seen, socket, receive } = start();
    stream.emit('connect');
    socket.pause();
    receive('one');
    socket.resume();
    receive('two');
    await tick();
    receive('three');
    expect(seen.text).toBe('onetwothree');
    expect(stream.calls).toEqual(['pause', 'resume']);
  });

  it('keeps what comes in before the stream is up, and a wish to pause', async () => {
    const { stream, seen, receive } = start();
    receive('early');
    stream.emit('end');
    expect(seen.log).toEqual([]);
    stream.emit('connect');
    expect(seen.log).toEqual(['open', 'data', 'end']);
    const paused = start();
    paused.socket.pause();
    expect(paused.stream.calls).toEqual([]);
    paused.receive('early');
    paused.stream.emit('connect');
    expect(paused.stream.calls).toEqual(['pause']);
    expect(paused.seen.log).toEqual(['open']);
    paused.socket.resume();
    await tick();
    expect(paused.seen.text).toBe('early');
  });

  it('tells the first error of a stream, and none that comes after destroy', () => {
    const failed = start();
    failed.stream.emit('connect');
    failed.stream.emit('error', new Error('first'));
    failed.stream.emit('error', new Error('second'));
    failed.stream.emit('close');
    failed.stream.emit('close');
    expect(failed.seen.log).toEqual(['open', 'close']);
    expect(failed.seen.error?.message).toBe('first');
    const destroyed = start();
    destroyed.stream.emit('connect');
    destroyed.socket.destroy();
    destroyed.stream.emit('error', new Error('late'));
    destroyed.receive('late');
    destroyed.stream.emit('end');
    destroyed.stream.emit('close');
    expect(destroyed.seen.log).toEqual(['open', 'close']);
    expect(destroyed.seen.error).toBeUndefined();
  });

  it('does not open any more after it was destroyed or has closed', () => {
    const destroyed = start();
    destroyed.socket.destroy();
    destroyed.stream.emit('connect');
    expect(destroyed.seen.log).toEqual([]);
    const closed = start();
    closed.stream.emit('close');
    closed.stream.emit('connect');
    expect(closed.seen.log).toEqual(['close']);
  });

  it('asks a plain socket for a callback only when the system has not taken everything', () => {
    const stream = new PuppetStream();
    const seen = new Recorder();
    const socket = new NodeSocket(seen);
    socket.attach(stream, 'connect', true);
    stream.emit('connect');
    expect(socket.write(bytes('taken'))).toBe(true);
    expect(stream.callbacks).toEqual([]);
    stream.writableLength = 4;
    expect(socket.write(bytes('held'))).toBe(false);
    expect(stream.calls).toEqual(['write taken', 'write held', 'write ']);
    stream.writableLength = 0;
    for (const callback of stream.callbacks) callback();
    expect(seen.log).toEqual(['open', 'drain']);
  });

  it('writes several chunks behind one cork', () => {
    const { stream, socket } = start();
    stream.emit('connect');
    expect(socket.writeAll([bytes('a'), bytes('b')])).toBe(true);
    expect(stream.calls).toEqual(['cork', 'write a', 'write b', 'uncork']);
  });
});
