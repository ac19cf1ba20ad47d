/** Tells where a frame ends. */
export interface FrameMeter {
  /**
   * The length in bytes of the frame that starts at `start`, as soon as it can be told from `bytes[start, end)`;
   * 0 while it cannot. The length may be more than is there: the splitter then waits for the rest.
   *
   * It is asked again about the same frame, with more bytes, until it tells; it may remember how far it got,
   * relative to `start`, and starts afresh after a frame was told.
   *
   * @throws WireError when no frame can start like this.
   */
  measure(bytes: Uint8Array, start: number, end: number): number;
}
