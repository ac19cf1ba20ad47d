import { loadPart, type WorkspacePackage } from '../workspace/index.ts';
import type { Benchmark } from './case.ts';

/** The benchmark of a package, or null when it has none. */
export async function loadBenchmark(of: WorkspacePackage): Promise<Benchmark | null> {
  const part = (await loadPart(of, 'bench')) as { readonly benchmark?: Benchmark } | null;
  if (part === null) return null;
  if (!part.benchmark) throw new Error(`packages/${of.id}/bench/index.ts exports no "benchmark"`);
  return part.benchmark;
}
