/** Frames of the Lance wire protocol: a header of 44 bytes, little-endian, and a payload. */

import { type FrameMeter, type SlabWriter, WireError } from '@wirewright/core/kit';
import { crc32 } from './crc32.ts';

export const headerBytes = 44;

export const Flag = { batch: 0x04, ack: 0x08, backpressure: 0x10, keepalive: 0x20, control: 0x40 } as const;

export const Code = {
  createTopic: 0x01,
  fetch: 0x10,
  fetchResponse: 0x11,
  catchingUp: 0x12,
  topicResponse: 0x80,
  error: 0xff,
} as const;

const magic = [0x4c, 0x41, 0x4e, 0x43] as const;
const version = 1;

export interface Header {
  readonly flags: number;
  /** The batch of an ingest frame and of its acknowledgement; the command of a control frame. */
  readonly batchId: bigint;
  readonly timestampNs: bigint;
  readonly recordCount: number;
  readonly topicId: number;
}

export interface Frame extends Header {
  readonly payload: Uint8Array;
}

const noBytes = new Uint8Array(0);

/** Magic, version and reserved bytes are always the same, so the checksum follows from the flags. */
const headerChecksums = Uint32Array.from({ length: 256 }, (_, flags) =>
  crc32(Uint8Array.of(...magic, version, flags, 0, 0)),
);

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Shorter payloads are copied behind their header; longer ones are sent from where they are. */
const copyUpTo = 16 * 1024;

/** Writes a frame into what leaves next. A large payload must not change until it has left. */
export function writeFrame(out: SlabWriter, header: Partial<Header>, payload: Uint8Array = noBytes): void {
  const { flags = 0, batchId = 0n, timestampNs = 0n, recordCount = 0, topicId = 0 } = header;
  const isCopied = payload.length <= copyUpTo;
  const start = out.reserve(isCopied ? headerBytes + payload.length : headerBytes);
  const { bytes } = out;
  const view = viewOf(bytes);
  bytes.set(magic, start);
  bytes[start + 4] = version;
  bytes[start + 5] = flags;
  view.setUint16(start + 6, 0);
  view.setUint32(start + 8, headerChecksums[flags] as number, true);
  view.setBigUint64(start + 12, batchId, true);
  view.setBigUint64(start + 20, timestampNs, true);
  view.setUint32(start + 28, recordCount, true);
  view.setUint32(start + 32, payload.length, true);
  view.setUint32(start + 36, payload.length === 0 ? 0 : crc32(payload), true);
  view.setUint32(start + 40, topicId, true);
  if (isCopied) bytes.set(payload, start + headerBytes);
  out.commit(isCopied ? headerBytes + payload.length : headerBytes);
  if (!isCopied) out.appendShared(payload);
}

/** Refuses what is no frame before a byte of its payload is waited for. */
export const meter: FrameMeter = {
  measure(bytes, start, end) {
    for (let i = 0; i < 4 && start + i < end; i += 1) {
      if (bytes[start + i] !== magic[i]) throw new WireError('expected the magic bytes "LANC"');
    }
    if (end - start < headerBytes) return 0;
    const view = viewOf(bytes);
    if (bytes[start + 4] !== version) throw new WireError(`expected version ${version}, not ${bytes[start + 4]}`);
    const checksum = view.getUint32(start + 8, true);
    const reserved = view.getUint16(start + 6, true);
    const expected =
      reserved === 0
        ? (headerChecksums[bytes[start + 5] as number] as number)
        : crc32(bytes.subarray(start, start + 8));
    if (checksum !== expected) throw new WireError('the checksum of a header is wrong');
    return headerBytes + view.getUint32(start + 32, true);
  },
};

/** Reads what the splitter has found. The payload is a copy, unless the memory is the frame's own. */
export function readFrame(bytes: Uint8Array, start: number, end: number, owned: boolean): Frame {
  const view = viewOf(bytes);
  const inPlace = bytes.subarray(start + headerBytes, end);
  if (inPlace.length > 0 && view.getUint32(start + 36, true) !== crc32(inPlace)) {
    throw new WireError('the checksum of a payload is wrong');
  }
  return {
    flags: bytes[start + 5] as number,
    batchId: view.getBigUint64(start + 12, true),
    timestampNs: view.getBigUint64(start + 20, true),
    recordCount: view.getUint32(start + 28, true),
    topicId: view.getUint32(start + 40, true),
    payload: owned ? inPlace : new Uint8Array(inPlace),
  };
}
