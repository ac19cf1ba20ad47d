/** What turns values into bytes and back; core's `Codec` is one. */
export interface ValueCodec<T = unknown> {
  /** For messages: `json`, `msgpack`. */
  readonly name?: string | undefined;
  /** What it throws makes the call an `ArgumentError`; nothing is sent then. */
  encode(value: T): Uint8Array | Promise<Uint8Array>;
  /** `bytes` are the codec's own. What it throws makes the call a `CodecError`. */
  decode(bytes: Uint8Array): T | Promise<T>;
}
