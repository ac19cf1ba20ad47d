/**
 * The protocol of the simulation: `length:4 kind:1 id:4 operation:4 filler`, big-endian. The filler is told by the
 * operation, so that bytes of another one, or of memory that was overwritten, are seen.
 */

import { type FrameMeter, type SlabWriter, WireError } from '@wirewright/core/kit';

export const Kind = { Read: 1, Write: 2, Subscribe: 3, Hello: 4, Ping: 5, Ok: 64, Refused: 65, Push: 66 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

export interface Frame {
  readonly kind: Kind;
  readonly id: number;
  readonly operation: number;
  /** Bytes of filler. */
  readonly size: number;
}

const headerBytes = 13;

export const meter: FrameMeter = {
  measure: (bytes, start, end) => (end - start < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(start)),
};

function fill(bytes: Uint8Array, start: number, frame: Frame): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(start, headerBytes + frame.size);
  bytes[start + 4] = frame.kind;
  view.setUint32(start + 5, frame.id);
  view.setUint32(start + 9, frame.operation);
  bytes.fill(frame.operation & 0xff, start + headerBytes, start + headerBytes + frame.size);
}

export function encode(frame: Frame): Uint8Array {
  const bytes = new Uint8Array(headerBytes + frame.size);
  fill(bytes, 0, frame);
  return bytes;
}

export function write(out: SlabWriter, frame: Frame): void {
  const start = out.reserve(headerBytes + frame.size);
  fill(out.bytes, start, frame);
  out.commit(headerBytes + frame.size);
}

/** @throws WireError when the filler is not that of the operation */
export function decode(bytes: Uint8Array, start: number, end: number): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const operation = view.getUint32(start + 9);
  for (let i = start + headerBytes; i < end; i += 1) {
    if (bytes[i] !== (operation & 0xff)) throw new WireError('the filler is not that of the operation');
  }
  const kind = bytes[start + 4] as Kind;
  return { kind, id: view.getUint32(start + 5), operation, size: end - start - headerBytes };
}
