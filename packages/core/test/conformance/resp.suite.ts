/** The example of the tutorial: against a server in this process, and against the one of `REDIS_URL`. */

import { Context, type Suite } from './case.ts';
import { respCases, type RespServer } from './resp/cases.ts';
import { RespStore, type RespStoreOptions } from './resp/store.ts';
import { certificate } from './support/streams.ts';

export const title = 'core: RESP example';

function suiteOn(name: string, start: (context: Context) => Promise<RespServer>): Suite {
  const context = new Context();
  let server: RespServer;
  return {
    name,
    cases: respCases.map(({ name: about, run }) => ({
      name: about,
      run: async () => {
        await using hands = new Context();
        await run(hands, server);
      },
    })),
    open: async () => {
      server = await start(context);
    },
    close: async () => context[Symbol.asyncDispose](),
  };
}

function inProcess(name: string, options: RespStoreOptions): Suite {
  return suiteOn(name, async (context) => {
    const { port } = context.own(await RespStore.listen(options));
    const { password, tls } = options;
    return {
      target: { host: tls ? 'localhost' : '127.0.0.1', port },
      ...(tls ? { tls: { ca: certificate } } : {}),
      ...(password === undefined ? {} : { password }),
    };
  });
}

function real(url: string | undefined): Suite {
  const name = 'the server of REDIS_URL';
  if (url === undefined || url === '') return { name, skip: 'REDIS_URL is not set', cases: [] };
  const { hostname, port, password } = new URL(url.replace(/^redis:/, 'http:'));
  return suiteOn(name, async () => ({
    target: { host: hostname, port: Number(port || 6379) },
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
  }));
}

export const suites: readonly Suite[] = [
  inProcess('in this process', {}),
  inProcess('in this process, with a password', { password: 'sesame' }),
  inProcess('in this process, over TLS', { tls: true }),
  real(process.env['REDIS_URL']),
];
