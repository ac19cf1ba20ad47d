/** What a package brings to `npm run soak`: `soak/index.ts` exports it as `soak`. */

import { loadPart, type WorkspacePackage } from '../workspace/index.ts';
import type { RuleReport } from './rules.ts';

export interface SoakSettings {
  readonly operations: number;
  /** Share of the operations that meet a fault, 0 to 0.2. */
  readonly faults: number;
  readonly seed: number;
  /** Tells somebody who waits how far it has come. */
  readonly say: (line: string) => void;
  /** Collects garbage and notes the heap: about twenty times, evenly, each time when nothing is under way. */
  readonly sampleHeap: () => Promise<void>;
}

export interface SoakResult {
  /** What it ran against. */
  readonly server: string;
  /** How many it did. */
  readonly operations: number;
  /** Figures for people and machines, by what they count. */
  readonly figures: Readonly<Record<string, number>>;
  readonly rules: readonly RuleReport[];
}

export interface Soak {
  /** Has closed everything when it resolves. A server is taken from the environment, or started. */
  run(settings: SoakSettings): Promise<SoakResult>;
}

/** The soak of a package, or null when it has none. */
export async function loadSoak(of: WorkspacePackage): Promise<Soak | null> {
  const part = (await loadPart(of, 'soak')) as { readonly soak?: Soak } | null;
  if (part === null) return null;
  if (!part.soak) throw new Error(`packages/${of.id}/soak/index.ts exports no "soak"`);
  return part.soak;
}
