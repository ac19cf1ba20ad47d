/** The format of V8's structured clone: everything that JavaScript can copy, between programs that trust each other. */

import type { ValueCodec } from './codec.ts';

/**
 * For trusted data only: what an attacker has stored can make the decoder take memory and time without bound. Values
 * can be read by the same or a newer major version of Node.
 */
export const v8Codec: ValueCodec = Object.freeze({
  name: 'v8',
  async encode(value: unknown): Promise<Uint8Array> {
    const { serialize } = await import('node:v8');
    return new Uint8Array(serialize(value));
  },
  async decode(bytes: Uint8Array): Promise<unknown> {
    const { deserialize } = await import('node:v8');
    return deserialize(bytes) as unknown;
  },
});
