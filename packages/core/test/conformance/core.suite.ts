import { type Suite, suiteOf } from './case.ts';
import { byteCases } from './cases/bytes.ts';
import { callCases } from './cases/calls.ts';
import { errorCases } from './cases/errors.ts';
import { httpCases } from './cases/http.ts';
import { netCases } from './cases/net.ts';
import { poolCases } from './cases/pool.ts';
import { portCases } from './cases/ports.ts';
import { queueCases } from './cases/queue.ts';
import { sessionCases } from './cases/session.ts';
import { tableCases } from './cases/tables.ts';
import { telemetryCases } from './cases/telemetry.ts';
import { tlsCases } from './cases/tls.ts';
import { virtualCases } from './cases/virtual.ts';
import { wireCases } from './cases/wire.ts';

export const title = 'core: conformance';

export const suites: readonly Suite[] = [
  suiteOf('ports', portCases),
  suiteOf('bytes and codecs', byteCases),
  suiteOf('errors', errorCases),
  suiteOf('calls', callCases),
  suiteOf('tables', tableCases),
  suiteOf('queue', queueCases),
  suiteOf('telemetry', telemetryCases),
  suiteOf('sockets', netCases),
  suiteOf('TLS', tlsCases),
  suiteOf('wire', wireCases),
  suiteOf('session', sessionCases),
  suiteOf('pool', poolCases),
  suiteOf('http over fetch', httpCases),
  suiteOf('virtual time and network', virtualCases),
];
