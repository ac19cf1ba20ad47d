import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FrameSplitter, WireError } from '@wirewright/core/kit';
import { crc32, crc32ByTable } from './crc32.ts';
import { Flag, type Frame, headerBytes, meter, readFrame } from './frame.ts';
import { kindOf, replyOf } from './messages.ts';
import { frameBytes } from './peer.ts';
import { Failure } from '@wirewright/core';

interface Vector {
  readonly name: string;
  readonly frame_hex: string;
  readonly fields: {
    readonly direction: string;
    readonly invalid?: boolean;
    readonly flags: number;
    readonly batchId: string;
    readonly timestampNs: string;
    readonly recordCount: number;
    readonly topicId: number;
    readonly payloadHex: string;
    readonly payloadText?: string;
    readonly nextOffset?: string;
    readonly serverOffset?: string;
  };
}

const vectors = readFileSync(new URL('../../fixtures/lance-frames.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Vector);

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** In memory that does not last, as from a socket. */
function readAll(chunks: readonly Uint8Array[]): Frame[] {
  const frames: Frame[] = [];
  const onFrame = (bytes: Uint8Array, start: number, end: number, owned: boolean): void =>
    void frames.push(readFrame(bytes, start, end, owned));
  const splitter = new FrameSplitter(meter, { onFrame }, { maxFrameBytes: 64 * 1024 * 1024 });
  for (const chunk of chunks) {
    const memory = new Uint8Array(chunk);
    splitter.push(memory, memory.length);
    memory.fill(0xdb);
  }
  return frames;
}

describe('the checksum', () => {
  it.each([
    ['', 0],
    ['a', 0xe8b7be43],
    ['hello', 0x3610a686],
    ['123456789', 0xcbf43926],
  ])('of %j', (text, expected) => {
    const bytes = new TextEncoder().encode(text);
    expect([crc32(bytes), crc32ByTable(bytes)]).toEqual([expected, expected]);
  });
});

const valid = vectors.filter(({ fields }) => !fields.invalid);

describe('frames', () => {
  it('are as many as the specification says', () => {
    expect([vectors.length, valid.length]).toEqual([90, 85]);
  });

  it.each(valid)('$name', ({ frame_hex, fields }) => {
    const [frame, ...more] = readAll([bytesOf(frame_hex)]);
    const expected: Frame = {
      flags: fields.flags,
      batchId: BigInt(fields.batchId),
      timestampNs: BigInt(fields.timestampNs),
      recordCount: fields.recordCount,
      topicId: fields.topicId,
      payload: bytesOf(fields.payloadHex),
    };
    expect(more).toEqual([]);
    expect(frame).toEqual(expected);
    expect(hexOf(frameBytes(expected, expected.payload))).toBe(frame_hex);
  });

  it.each(vectors.filter(({ fields }) => fields.invalid))('$name is refused', ({ frame_hex }) => {
    expect(() => readAll([bytesOf(frame_hex)])).toThrow(WireError);
    expect(() => readAll(Array.from(bytesOf(frame_hex), (byte) => Uint8Array.of(byte)))).toThrow(WireError);
  });

  it('are read alike wherever the stream is cut', () => {
    for (const { frame_hex, name } of valid) {
      const bytes = bytesOf(frame_hex);
      const whole = readAll([bytes]);
      for (let cut = 1; cut < bytes.length; cut += 1) {
        expect(readAll([bytes.subarray(0, cut), bytes.subarray(cut)]), `${name} at ${cut}`).toEqual(whole);
      }
    }
    const stream = Buffer.concat(valid.map(({ frame_hex }) => bytesOf(frame_hex)));
    const whole = readAll([stream]);
    expect(whole).toHaveLength(85);
    for (const size of [1, 43, 44, 45, 1000]) {
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
      expect(readAll(chunks), `in pieces of ${size}`).toEqual(whole);
    }
  });

  it('are told by their flags, in one order', () => {
    expect(kindOf(Flag.control | Flag.keepalive | Flag.ack, 0)).toBe('control');
    expect(kindOf(Flag.keepalive | Flag.ack, 0)).toBe('keepalive');
    expect([kindOf(0, 0), kindOf(0, 1), kindOf(Flag.batch, 0)]).toEqual(['unknown', 'ingest', 'ingest']);
  });

  it('that answer commands are read', () => {
    for (const { frame_hex, fields, name } of valid) {
      if (fields.direction !== 'server-to-client' || fields.flags !== Flag.control) continue;
      const reply = replyOf(readAll([bytesOf(frame_hex)])[0] as Frame);
      if (fields.nextOffset !== undefined) expect(reply, name).toMatchObject({ nextOffset: BigInt(fields.nextOffset) });
      else if (fields.serverOffset !== undefined) {
        expect(reply, name).toMatchObject({ nextOffset: BigInt(fields.serverOffset), catchingUp: true });
      } else if (fields.batchId === '255') {
        expect(reply, name).toBeInstanceOf(Failure);
        expect((reply as Failure).details?.['serverMessage'], name).toBe(fields.payloadText);
      } else if (fields.payloadText !== undefined) expect(reply, name).toBe(fields.payloadText);
    }
  });

  it('are not waited for when they cannot be one, or are too long', () => {
    const header = frameBytes({ flags: Flag.ack });
    new DataView(header.buffer, header.byteOffset).setUint32(32, 0xffffffff, true);
    expect(() => readAll([header.subarray(0, headerBytes)])).toThrow(/maxFrameBytes/);
    expect(() => readAll([new TextEncoder().encode('HTTP')])).toThrow(/magic/);
  });
});
