export { Agenda, type AgendaEntry } from './agenda.ts';
export { drained } from './drained.ts';
export { FakeClock, type FakeClockOptions } from './fake-clock.ts';
export { createFakePorts, type FakePorts, type FakePortsOptions } from './fake-ports.ts';
export { FakeTurns } from './fake-turns.ts';
export { SeededRandom } from './seeded-random.ts';
