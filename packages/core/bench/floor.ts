import { type BenchClient, type BenchSetup, byteCounter, Floor } from '@wirewright/tools/bench';
import { type LimitsKind, nextLimits } from './limits.ts';
import { floorOptions, type RedisOperation } from './requests.ts';

export async function openFloor(operation: RedisOperation, kind: LimitsKind, setup: BenchSetup): Promise<BenchClient> {
  const floor = await Floor.connect(floorOptions(operation, setup));
  const limits = nextLimits(kind);
  const call = (): Promise<unknown> => {
    limits();
    return floor.call();
  };
  return { call, close: floor.close };
}

export function openBytes(operation: RedisOperation, setup: BenchSetup): Promise<BenchClient> {
  return byteCounter(floorOptions(operation, setup), setup.depth);
}
