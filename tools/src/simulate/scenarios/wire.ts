/** The client side of the simulation's protocol, in order: core's own pipelined wire. */

import type { Failure, Timekeeper } from '@wirewright/core';
import { type Connection, PipelinedWire, type PipelinedWireOptions } from '@wirewright/core/socket';
import { resultOf } from './calls.ts';
import { decode, type Frame, meter, write } from './frames.ts';

export type InOrderWire = PipelinedWire<Frame, number>;

export function inOrderWire(
  connection: Connection<InOrderWire>,
  timekeeper: Timekeeper,
  options: Partial<PipelinedWireOptions<Frame, number>>,
): InOrderWire {
  const codec = {
    meter,
    write,
    read: (bytes: Uint8Array, start: number, end: number): number | Failure => {
      const { kind, operation } = decode(bytes, start, end);
      return resultOf(kind, operation);
    },
  };
  return new PipelinedWire<Frame, number>(connection, { timekeeper, codec, ...options });
}
