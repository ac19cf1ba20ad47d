/** What a package brings to `npm run fuzz`: `fuzz/index.ts` exports it as `fuzz`. */

import { loadPart, type WorkspacePackage } from '../workspace/index.ts';

export interface FuzzSettings {
  /** How many calls, or cases, to try. */
  readonly calls: number;
  /** Of everything that is drawn: the same seed tries the same. */
  readonly seed: number;
}

export interface FuzzResult {
  /** What it ran against. */
  readonly against: string;
  /** How many were tried. */
  readonly calls: number;
  /** What came of them, by what is counted. */
  readonly counts: Readonly<Record<string, number>>;
  /** What must not be, with what is needed to see it again. */
  readonly violations: readonly string[];
}

export interface FuzzPart {
  /** One word, for `--only`. */
  readonly name: string;
  /** What holds when it finds nothing. */
  readonly claim: string;
  /** Has closed everything when it resolves. What it throws is a violation too. */
  run(settings: FuzzSettings): Promise<FuzzResult>;
}

export interface Fuzz {
  readonly parts: readonly FuzzPart[];
}

/** The fuzz of a package, or null when it has none. */
export async function loadFuzz(of: WorkspacePackage): Promise<Fuzz | null> {
  const part = (await loadPart(of, 'fuzz')) as { readonly fuzz?: Fuzz } | null;
  if (part === null) return null;
  if (!part.fuzz) throw new Error(`packages/${of.id}/fuzz/index.ts exports no "fuzz"`);
  return part.fuzz;
}
