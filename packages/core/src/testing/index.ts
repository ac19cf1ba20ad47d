export { Agenda, type AgendaEntry } from './agenda.ts';
export { drained } from './drained.ts';
export { FakeClock, type FakeClockOptions } from './fake-clock.ts';
export { createFakePorts, type FakePorts, type FakePortsOptions } from './fake-ports.ts';
export { FakeTurns } from './fake-turns.ts';
export { SeededRandom } from './seeded-random.ts';
export {
  type Scenario,
  simulate,
  type SimulationOptions,
  type SimulationResult,
  type Violation,
  type World,
} from './simulator.ts';
export { poisonByte, poisoned } from './poison.ts';
export { type PipeConditions } from './virtual-conditions.ts';
export { type DialFate, type LinkDirection, type LinkSide, type VirtualLink } from './virtual-link.ts';
export { type Accept, type VirtualListener, VirtualNet, type VirtualNetOptions } from './virtual-net.ts';
export { type VirtualPipe } from './virtual-pipe.ts';
export { type VirtualSocket } from './virtual-socket.ts';
export { ScriptError } from './script-error.ts';
export { type ScriptedConnection } from './scripted-connection.ts';
export { ScriptedServer, type ScriptedServerOptions } from './scripted-server.ts';
export {
  type ChunkFault,
  type ConnectionFault,
  type Direction,
  type Fault,
  type FaultRule,
  type PassingChunk,
  type Trigger,
} from './fault.ts';
export { FaultProxy, type FaultProxyCounts, type FaultProxyOptions, type ProxyAddress } from './fault-proxy.ts';
export { type InjectedFault } from './fault-rules.ts';
export { type ProxiedConnection } from './proxied-connection.ts';
export {
  createMockClient,
  type MockCall,
  mockCalls,
  type MockClient,
  type MockMethod,
  resetMock,
  UnscriptedCallError,
} from './mock-client.ts';
export {
  activeHandles,
  type Leak,
  type LeakCheck,
  type LeakCheckOptions,
  leaksOf,
  startLeakCheck,
} from './leak-check.ts';
