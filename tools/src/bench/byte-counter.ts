/** What the wire carries when nobody looks at what came: an upper bound, for information. */

import type { DrivenRun, DrivingClient } from './case.ts';
import { dial } from './dial.ts';
import type { FloorOptions } from './floor.ts';

/** Keeps `depth` requests in flight by counting received bytes, and one write for each piece that is read. */
export async function byteCounter(options: FloorOptions, depth: number): Promise<DrivingClient> {
  const { requests, answerBytes, greeting } = options;
  const encoded = Buffer.concat(requests);
  const size = encoded.length / requests.length;
  let onReceived = (_bytes: number): void => {};
  const socket = await dial(options.address, (_, length) => onReceived(length));
  let next = 0;
  const send = (count: number): void => {
    socket.cork();
    while (count > 0) {
      const some = Math.min(count, requests.length - next);
      socket.write(encoded.subarray(next * size, (next + some) * size));
      next = (next + some) % requests.length;
      count -= some;
    }
    socket.uncork();
  };
  if (greeting) {
    await new Promise<void>((resolve) => {
      onReceived = () => resolve();
      socket.write(greeting);
    });
  }
  const drive = (run: DrivenRun): Promise<number> =>
    new Promise((resolve) => {
      let [received, answered, inFlight] = [0, 0, depth];
      onReceived = (bytes) => {
        received += bytes;
        const whole = Math.floor(received / answerBytes) - answered;
        answered += whole;
        inFlight -= whole;
        if (run.running) {
          inFlight += whole;
          send(whole);
        } else if (inFlight === 0) {
          resolve(answered);
        }
      };
      send(depth);
    });
  return { drive, close: () => void socket.destroy() };
}
