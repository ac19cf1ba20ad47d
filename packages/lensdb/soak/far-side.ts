/**
 * The other end, in a process of its own, so that the heap and the handles of the client's process are the client's:
 * a proxy that plays the faults, before an in-process server or the one that the parent names.
 */

import { FaultProxy, type FaultProxyCounts } from '@wirewright/core/testing';
import { type ServerStats, startLdbdServer, startLensServer } from '@wirewright/lensdb/testing';
import { faultRules } from './faults.ts';

/** What the parent asks for, as JSON in the first argument. */
export interface FarSideOptions {
  /** The dialect of the server to start, or where one is. */
  readonly server: 'lens' | 'ldbd' | { readonly host: string; readonly port: number };
  readonly faults: number;
  readonly seed: number;
}

export type Order =
  /** New connections are refused for so long. */
  | { readonly what: 'outage'; readonly ms: number }
  /** No more faults. */
  | { readonly what: 'calm' }
  | { readonly what: 'counts' };

export interface Counts {
  readonly proxy: FaultProxyCounts;
  /** Undefined where the server is none of ours. */
  readonly server: ServerStats | undefined;
}

/** The first report says where to dial; each further one answers an order. */
export type Report = { readonly host: string; readonly port: number } | { readonly done: true } | Counts;

/** Left by the client, a silenced connection is kept for so long. */
const lingerMs = 200;

const { server: kind, faults, seed } = JSON.parse(process.argv[2] ?? '') as FarSideOptions;
const server =
  kind === 'lens'
    ? await startLensServer({ behaviour: '0.1.0.0', setEx: 'routed' })
    : kind === 'ldbd'
      ? await startLdbdServer()
      : undefined;
const target = typeof kind === 'object' ? kind : { host: '127.0.0.1', port: server?.port ?? 0 };
const proxy = await FaultProxy.listen({ target, seed, lingerMs });
for (const rule of faultRules(faults)) proxy.inject(rule);

process.on('message', (order: Order) => void obey(order));
process.on('disconnect', () => process.exit());
if ('port' in proxy.target) tell({ ...proxy.target });

async function obey(order: Order): Promise<void> {
  if (order.what === 'outage') {
    const refusal = proxy.inject({ fault: { type: 'refuse' } });
    await new Promise((resolve) => setTimeout(resolve, order.ms));
    await refusal.remove();
    tell({ done: true });
  } else if (order.what === 'calm') {
    await proxy.clear();
    tell({ done: true });
  } else {
    tell({ proxy: proxy.counts, server: server?.stats });
  }
}

function tell(report: Report): void {
  process.send?.(report);
}
