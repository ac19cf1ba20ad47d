/** What a package brings to `npm run demo`: `demo/index.ts` exports it as `demo`. */

import { loadPart, type WorkspacePackage } from '../workspace/index.ts';
import type { Stage } from './stage.ts';

export interface Demo {
  /** `LensDB` */
  readonly title: string;
  /** What a URL for it looks like: `lensdb://host:port`. */
  readonly urlForm: string;
  /**
   * Shows it against servers that it starts itself, or against the one at `url`, where it leaves nothing behind.
   *
   * @throws DemoEnd with an explanation for the user; anything else is a mistake, and is shown with its stack
   */
  run(stage: Stage, url: string | undefined): Promise<void>;
}

/** The demonstration of a package, or null when it has none. */
export async function loadDemo(of: WorkspacePackage): Promise<Demo | null> {
  const part = (await loadPart(of, 'demo')) as { readonly demo?: Demo } | null;
  if (part === null) return null;
  if (!part.demo) throw new Error(`packages/${of.id}/demo/index.ts exports no "demo"`);
  return part.demo;
}
