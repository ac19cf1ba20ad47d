/** Bytes and texts at random, with what a server could take for its protocol or trip over. */

import type { SeededRandom } from '@wirewright/core/testing';
import { LensMessageType, lensRequest, MessageType, ldbdRequest } from '@wirewright/lensdb';

const encoder = new TextEncoder();

const pieces: readonly Uint8Array[] = [
  ...[
    'LENS\u0001',
    'LDBD\u0001',
    'LENS',
    '\0',
    '\0\0\0\0',
    '\n',
    'OK',
    'false',
    'true',
    'pong',
    'PONG',
    '😀',
    'HTTP/1.1',
  ].map((text) => encoder.encode(text)),
  Uint8Array.of(0xff),
  lensRequest(LensMessageType.CLEAR),
  lensRequest(LensMessageType.SET, 'k', 'v'),
  ldbdRequest(MessageType.PING),
];

export function randomBytes(random: SeededRandom, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 4) {
    const bits = random.uint32();
    for (let part = 0; part < 4 && at + part < length; part += 1) bytes[at + part] = bits >>> (8 * part);
  }
  return bytes;
}

/** Random bytes of that length with up to three of those pieces in them. */
export function trickyBytes(random: SeededRandom, length: number): Uint8Array {
  const bytes = random.chance(0.2) ? new Uint8Array(length).fill(random.integer(0, 255)) : randomBytes(random, length);
  for (let n = random.integer(0, 3); n > 0; n -= 1) {
    const piece = random.pick(pieces);
    if (piece.length <= length) bytes.set(piece, random.integer(0, length - piece.length));
  }
  return bytes;
}

const letters = [
  'a',
  'Z',
  '0',
  ' ',
  ':',
  '/',
  'é',
  'ß',
  '漢',
  '😀',
  '\u0000',
  '\u0001',
  '\ufeff',
  '\u2028',
  'LENS',
  '%',
];

/** Text without line feeds, of about that many bytes. */
export function trickyText(random: SeededRandom, length: number): string {
  let text = '';
  for (let bytes = 0; bytes < length;) {
    const letter = random.pick(letters);
    text += letter;
    bytes += Buffer.byteLength(letter);
  }
  return text;
}

/** One letter for each byte: bytes as a key of a `Map`, and for messages. */
export function nameOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
