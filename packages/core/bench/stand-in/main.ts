/** A process with the stand-in for Redis: tells its parent the URL, and ends with it. */

import { createServer } from 'node:net';
import { Visitor } from './visitor.ts';

const store = new Map<string, Buffer>();
const subscribers = new Map<string, Set<Visitor>>();

const server = createServer((socket) => {
  socket.setNoDelay(true);
  new Visitor(socket, store, subscribers);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.send?.(`redis://127.0.0.1:${address.port}`);
});
process.on('disconnect', () => process.exit());
