/** The HTTP port: what a transport has to do, so that undici and `fetch` look the same from above. */

export interface HttpRequest {
  /** A token, in capitals as a rule: `GET`. */
  readonly method: string;
  /** Path and query, from the slash, encoded: `/v1/query?x=%20`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

export interface HttpHeaders {
  /** The value of a header, by its name in any case; null when it is absent. */
  get(name: string): string | null;
}

/** What a transport tells of one exchange. Nothing but `onOver` follows `onEnd`, `onError` and the abort function. */
export interface HttpHandler {
  /** From now on the server may see the request. */
  onSent(): void;
  onHead(status: number, headers: HttpHeaders): void;
  /** A part of the body, valid inside the call only. */
  onChunk(chunk: Uint8Array): void;
  onEnd(): void;
  /** @param proof - `not-sent` when the error shows that no byte of the request left, although `onSent` was called */
  onError(error: unknown, proof?: 'not-sent'): void;
  /** The transport holds nothing of the exchange any more, however it ended: room for another. Comes last. */
  onOver(): void;
}

export interface HttpTransport {
  /** Where to, printable, without credentials. */
  readonly origin: string;
  /**
   * Starts an exchange. Redirects are not followed, cookies not kept, bodies not cached. When it throws, there is none.
   *
   * @returns aborts it
   */
  start(request: HttpRequest, handler: HttpHandler): () => void;
  /** Lets go of sockets, for good. */
  destroy(): void;
}
