export { byteCounter } from './byte-counter.ts';
export {
  Absent,
  type BenchCase,
  type BenchClient,
  type Benchmark,
  type BenchServer,
  type BenchSetup,
  type CallingClient,
  type DrivenRun,
  type DrivingClient,
  type OpenClient,
} from './case.ts';
export { dial, type FloorAddress } from './dial.ts';
export { Floor, type FloorOptions, type FrameLength } from './floor.ts';
export { FloorPool } from './floor-pool.ts';
export { loadIoredis, loadNodeRedis, loadPeer } from './peers.ts';
export { freePort, type RunningServer, startModule, startProgram } from './servers.ts';
