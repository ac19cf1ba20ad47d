/**
 * What the peer sent is not its protocol. Decoders throw it; the connection ends with a `protocol` failure of
 * this message. The message must be safe to log: what was expected and found, never keys or values.
 */
export class WireError extends Error {
  override readonly name: string = 'WireError';
}
