/** A process with the testing server of the dialect `lens`: tells its parent the URL, and ends with it. */

import { startLensServer } from '@wirewright/lensdb/testing';

const server = await startLensServer();
process.on('disconnect', () => process.exit());
process.send?.(server.url);
