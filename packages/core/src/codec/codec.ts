/** Turns values into bytes and back. Clients take codecs wherever users store objects. */
export interface Codec<T = unknown> {
  /** For people: `json`, `msgpack`. */
  readonly name: string;
  /** @throws ArgumentError when the value has no such form; nothing was sent then. */
  encode(value: T): Uint8Array;
  /** `bytes` belong to the codec: they are not changed afterwards. @throws CodecError when they are something else. */
  decode(bytes: Uint8Array): T;
}
