import type { SocketHandler } from '../../src/socket/net.ts';

/** A handler that writes down what it is told, and wakes who waits for it. */
export class Recorder implements SocketHandler {
  readonly log: string[] = [];
  readonly received: number[] = [];
  /** Buffers as they were handed over, to look at their identity. */
  readonly buffers = new Set<Uint8Array>();
  error: Error | undefined;
  onEach: ((event: string) => void) | undefined;
  readonly #waiting = new Set<() => void>();

  onOpen(): void {
    this.#note('open');
  }

  onData(buffer: Uint8Array, length: number): void {
    this.buffers.add(buffer);
    for (let at = 0; at < length; at += 1) this.received.push(buffer[at] as number);
    this.#note('data');
  }

  onDrain(): void {
    this.#note('drain');
  }

  onEnd(): void {
    this.#note('end');
  }

  onClose(error: Error | undefined): void {
    this.error = error;
    this.#note('close');
  }

  get text(): string {
    return Buffer.from(this.received).toString('latin1');
  }

  /** The events without 'data', whose number depends on the network. */
  get events(): string[] {
    return this.log.filter((event) => event !== 'data');
  }

  count(event: string): number {
    return this.log.filter((each) => each === event).length;
  }

  /** Waits until `isSo`, which is asked at each event. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  saw(event: string): Promise<void> {
    return this.until(() => this.log.includes(event));
  }

  #note(event: string): void {
    this.log.push(event);
    this.onEach?.(event);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
