import { dial } from '@wirewright/tools/bench';
import { encodeCommand, redisGreeting, respFrameLength } from './requests.ts';

/** What a channel has received, and who waits for more. */
class Inbox {
  readonly messages: Uint8Array[] = [];
  waiting: ((message: Uint8Array) => void) | undefined;
}

const digit0 = 0x30;
const push = 0x3e;

/**
 * The floor of a subscriber: splits what comes, finds the channel by the two digits at its name's end, copies the
 * message and settles a promise for it. Knows only channels whose names have one length.
 */
export class FloorSubscriber {
  readonly #inboxes: readonly Inbox[];
  /** The last bytes of a frame are the message behind its header. */
  readonly #channelEnd: number;
  #carry: Uint8Array | undefined;
  #confirmed = 0;
  #onConfirmed = (): void => {};
  #close = (): void => {};

  static async connect(url: string, channels: readonly string[]): Promise<FloorSubscriber> {
    const subscriber = new FloorSubscriber(channels);
    const { address, greeting } = redisGreeting(url);
    const socket = await dial(address, (bytes, length) => subscriber.#onData(bytes, length));
    subscriber.#close = () => void socket.destroy();
    const confirmed = new Promise<void>((resolve) => {
      subscriber.#onConfirmed = resolve;
    });
    socket.write(greeting);
    socket.write(encodeCommand('SUBSCRIBE', ...channels));
    await confirmed;
    return subscriber;
  }

  private constructor(channels: readonly string[]) {
    this.#inboxes = channels.map(() => new Inbox());
    const name = channels[0] ?? '';
    this.#channelEnd = `>3\r\n$7\r\nmessage\r\n$${name.length}\r\n${name}`.length;
  }

  /** The next message of a channel, by its place among those that were subscribed to. */
  next(channel: number): Promise<Uint8Array> {
    const inbox = this.#inboxes[channel] as Inbox;
    const message = inbox.messages.shift();
    if (message) return Promise.resolve(message);
    return new Promise((resolve) => {
      inbox.waiting = resolve;
    });
  }

  readonly close = (): void => this.#close();

  #onData(received: Uint8Array, length: number): void {
    let [bytes, end, at] = [received, length, 0];
    if (this.#carry) {
      bytes = new Uint8Array(Buffer.concat([this.#carry, received.subarray(0, length)]));
      end = bytes.length;
      this.#carry = undefined;
    }
    while (at < end) {
      const size = respFrameLength(bytes, at, end);
      if (size === 0 || at + size > end) {
        this.#carry = bytes.slice(at, end);
        return;
      }
      if (bytes[at] === push) this.#onPush(bytes, at, at + size);
      at += size;
    }
  }

  #onPush(bytes: Uint8Array, start: number, end: number): void {
    if (this.#confirmed < this.#inboxes.length) {
      this.#confirmed += 1;
      if (this.#confirmed === this.#inboxes.length) this.#onConfirmed();
      return;
    }
    const at = start + this.#channelEnd;
    const channel = ((bytes[at - 2] as number) - digit0) * 10 + (bytes[at - 1] as number) - digit0 - 10;
    let from = at + 3;
    while (bytes[from] !== 0x0a) from += 1;
    const message = bytes.slice(from + 1, end - 2);
    const inbox = this.#inboxes[channel] as Inbox;
    const { waiting } = inbox;
    inbox.waiting = undefined;
    if (waiting) waiting(message);
    else inbox.messages.push(message);
  }
}
