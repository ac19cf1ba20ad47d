import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Failure } from '@wirewright/core';
import { FrameSplitter, SlabWriter, WireError } from '@wirewright/core/kit';
import { Decoder, meter } from './decode.ts';
import { encodeAnswer, writeRequest } from './encode.ts';
import { Float, integer, Pairs, type Value } from './values.ts';

const fixture = (name: string): string => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), 'utf8');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

interface Decoded {
  readonly id: number;
  readonly result: Value | Failure;
}

/** Splits a stream into frames as a connection does, in memory that does not last. */
function decodeAll(chunks: readonly Uint8Array[], maxFrameBytes = 1e9): Decoded[] {
  const decoder = new Decoder();
  const found: Decoded[] = [];
  const onFrame = (bytes: Uint8Array, start: number, end: number): void => {
    const id = decoder.id(bytes, start, end);
    found.push({ id, result: decoder.result() });
  };
  const splitter = new FrameSplitter(meter, { onFrame }, { maxFrameBytes });
  for (const chunk of chunks) {
    const memory = new Uint8Array(chunk);
    splitter.push(memory, memory.length);
    memory.fill(0xdb);
  }
  return found;
}

/** As a wire writes it. */
function written(id: number, name: string, args: readonly Value[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const out = new SlabWriter({
    write: (chunk) => chunks.push(chunk.slice()) > 0,
    writeAll: (all) => chunks.push(...all.map((chunk) => chunk.slice())) > 0,
  });
  writeRequest(out, id, { name, args });
  out.flush();
  return Buffer.concat(chunks);
}

/** A value as captures write it: `{"Str": …}`. */
function fromCapture(json: unknown): Value {
  if (json === 'Null') return null;
  const [[tag, payload]] = Object.entries(json as object) as [[string, never]];
  switch (tag) {
    case 'Bytes':
      return bytesOf((payload as { hex: string }).hex);
    case 'Int':
      return integer(BigInt(payload));
    case 'Float':
      return new Float(Number(payload));
    case 'Array':
      return (payload as unknown[]).map(fromCapture);
    case 'Map':
      return new Pairs((payload as [unknown, unknown][]).map(([key, value]) => [fromCapture(key), fromCapture(value)]));
    default:
      return payload;
  }
}

/** A value as vectors write it: `{type, value}`. */
function fromVector(json: { type: string; value?: never; hex?: string; bits?: string }): Value {
  switch (json.type) {
    case 'null':
      return null;
    case 'int':
      return integer(BigInt(json.value as never));
    case 'float':
      return new Float(new DataView(bytesOf(json.bits as string).buffer).getFloat64(0));
    case 'bytes':
      return bytesOf(json.hex as string);
    case 'array':
      return (json.value as unknown as never[]).map(fromVector);
    case 'map':
      return new Pairs(
        (json.value as unknown as [never, never][]).map(([key, value]) => [fromVector(key), fromVector(value)]),
      );
    default:
      return json.value as never;
  }
}

function expectAnswer({ id, result }: Decoded, expected: { id: number; ok?: Value; err?: string }): void {
  expect(id).toBe(expected.id);
  if (expected.err === undefined) expect(result).toEqual(expected.ok);
  else {
    expect(result).toBeInstanceOf(Failure);
    expect((result as Failure).details?.['serverMessage']).toBe(expected.err);
    expect((result as Failure).outcome).toBe('rejected');
  }
}

interface Capture {
  readonly name: string;
  readonly command: string;
  readonly args: readonly unknown[];
  readonly request_hex: string;
  /** Null where the text was not kept. */
  readonly response_hex: string | null;
  readonly response: { readonly Ok?: unknown; readonly Err?: string };
}

const captures = fixture('synap-native.jsonl')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Capture);

const answers = captures.filter((capture): capture is Capture & { response_hex: string } => !!capture.response_hex);

describe('captures of a real server', () => {
  it('are what is encoded for the same commands', () => {
    expect(captures).toHaveLength(247);
    for (const { name, command, args, request_hex } of captures) {
      const { id } = new Decoder().request(bytesOf(request_hex), 0, request_hex.length / 2);
      // Written with a signed 64-bit integer there; the server takes any form.
      const expected = name === 'incrby.big' ? request_hex.replace('d37f', 'cf7f') : request_hex;
      expect(hex(written(id, command, args.map(fromCapture))), name).toBe(expected);
    }
  });

  it('are decoded', () => {
    expect(answers).toHaveLength(245);
    for (const { request_hex, response_hex, response } of answers) {
      const { id } = new Decoder().request(bytesOf(request_hex), 0, request_hex.length / 2);
      const ok = response.Err === undefined ? { ok: fromCapture(response.Ok) } : { err: response.Err };
      const [answer] = decodeAll([bytesOf(response_hex)]);
      expectAnswer(answer as Decoded, { id, ...ok });
    }
  });

  it('are decoded alike wherever the stream is cut', () => {
    for (const { response_hex, name } of answers) {
      const bytes = bytesOf(response_hex);
      const whole = decodeAll([bytes]);
      for (let cut = 1; cut < bytes.length; cut += 1) {
        expect(decodeAll([bytes.subarray(0, cut), bytes.subarray(cut)]), `${name} at ${cut}`).toEqual(whole);
      }
    }
    const stream = Buffer.concat(answers.map(({ response_hex }) => bytesOf(response_hex)));
    const whole = decodeAll([stream]);
    expect(whole).toHaveLength(245);
    for (const size of [1, 3, 7, 64, 4093]) {
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
      expect(decodeAll(chunks), `in pieces of ${size}`).toEqual(whole);
    }
  });
});

interface Vector {
  readonly name: string;
  readonly mode?: 'bidirectional' | 'decode-only' | 'stream' | 'reject' | 'incomplete';
  readonly frameHex: string;
  readonly maxFrameBytes?: number;
  readonly decoded?: {
    readonly kind: 'request' | 'response';
    readonly id: number;
    readonly command?: string;
    readonly args?: never[];
    readonly ok?: never;
    readonly err?: string;
  };
}

const wire = JSON.parse(fixture('thunder-wire-v1.json')) as { vectors: Vector[]; defaultMaxFrameBytes: number };
const frames = JSON.parse(fixture('synap-frames.json')) as { synapRpc: Vector[] };

describe('vectors', () => {
  // One vector has integers with a payload of float64, which no server sends and none takes.
  const isBroken = ({ name }: Vector): boolean => name === 'sstats-reply';
  const decodable = [...wire.vectors, ...frames.synapRpc].filter((vector) => vector.decoded && !isBroken(vector));

  it('an integer is no float', () => {
    const broken = frames.synapRpc.find(isBroken) as Vector;
    expect(() => decodeAll([bytesOf(broken.frameHex)])).toThrow(WireError);
  });

  it.each(decodable.filter(({ decoded }) => decoded?.kind === 'response'))('answer $name', (vector) => {
    const { id, ok, err } = vector.decoded as NonNullable<Vector['decoded']>;
    const answer = err === undefined ? { ok: fromVector(ok as never) } : { err };
    const [decoded, ...more] = decodeAll([bytesOf(vector.frameHex)]);
    expect(more).toEqual([]);
    expectAnswer(decoded as Decoded, { id, ...answer });
    const again = hex(encodeAnswer(id, answer));
    if (vector.mode === 'decode-only') expect(again).not.toBe(vector.frameHex);
    else expect(again).toBe(vector.frameHex);
  });

  // A request as a map is something that servers accept and nobody sends.
  const requests = decodable.filter(({ decoded, mode }) => decoded?.kind === 'request' && mode !== 'decode-only');
  it.each(requests)('request $name', (vector) => {
    const { id, command, args } = vector.decoded as NonNullable<Vector['decoded']>;
    const values = (args as never[]).map(fromVector);
    expect(hex(written(id, command as string, values))).toBe(vector.frameHex);
    const bytes = bytesOf(vector.frameHex);
    expect(new Decoder().request(bytes, 0, bytes.length)).toEqual({ id, name: command, args: values });
  });

  const bad = wire.vectors.filter(({ mode }) => mode === 'reject');
  it.each(bad)('refused: $name', ({ frameHex, maxFrameBytes = wire.defaultMaxFrameBytes }) => {
    // The limit of the vectors counts the body only.
    expect(() => decodeAll([bytesOf(frameHex)], maxFrameBytes + 4)).toThrow(WireError);
  });

  it.each(wire.vectors.filter(({ mode }) => mode === 'incomplete'))('incomplete: $name', ({ frameHex }) => {
    expect(decodeAll([bytesOf(frameHex)])).toEqual([]);
  });
});
