export { type LdbdSwitches } from './ldbd-switches.ts';
export { type LdbdServer, type LdbdServerOptions, startLdbdServer } from './ldbd-server.ts';
export { type LensSwitches } from './lens-switches.ts';
export { type LensServer, type LensServerOptions, startLensServer } from './lens-server.ts';
export { type ListenOptions, type TestServer } from './test-server.ts';
export { type RecordedRequest, type ServerStats } from './recorder.ts';
export { type StoreAccess } from './store.ts';
export { type CommonSwitches, type Fault } from './switches.ts';
