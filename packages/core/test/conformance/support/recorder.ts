import type { SocketHandler } from '@wirewright/core/socket';

type Event = 'open' | 'drain' | 'end' | 'close';

/** Writes down what a socket tells, and lets a case wait for it. */
export class Recorder implements SocketHandler {
  /** Everything but data, in order. */
  readonly log: Event[] = [];
  error: Error | undefined;
  #chunks: Uint8Array[] = [];
  #length = 0;
  #waits: { isTrue(): boolean; resolve(): void }[] = [];

  /** Bytes received. */
  get length(): number {
    return this.#length;
  }

  get bytes(): Uint8Array {
    const joined = new Uint8Array(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      joined.set(chunk, at);
      at += chunk.length;
    }
    return joined;
  }

  get text(): string {
    return new TextDecoder().decode(this.bytes);
  }

  count(event: Event): number {
    return this.log.filter((one) => one === event).length;
  }

  saw(event: Event): Promise<void> {
    return this.#until(() => this.log.includes(event));
  }

  received(length: number): Promise<void> {
    return this.#until(() => this.#length >= length);
  }

  onOpen(): void {
    this.#add('open');
  }

  onData(buffer: Uint8Array, length: number): void {
    this.#chunks.push(buffer.slice(0, length));
    this.#length += length;
    this.#look();
  }

  onDrain(): void {
    this.#add('drain');
  }

  onEnd(): void {
    this.#add('end');
  }

  onClose(error: Error | undefined): void {
    this.error = error;
    this.#add('close');
  }

  #add(event: Event): void {
    this.log.push(event);
    this.#look();
  }

  #until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waits.push({ isTrue, resolve });
      this.#look();
    });
  }

  #look(): void {
    this.#waits = this.#waits.filter(({ isTrue, resolve }) => {
      if (!isTrue()) return true;
      resolve();
      return false;
    });
  }
}
