import type { WorkspacePackage } from '../workspace/packages.ts';
import type { Consumer } from './consumer.ts';

/** One release check: one idea, one table. */
export interface Check {
  /** How it is asked for: `npm run check -- <name>`. */
  readonly name: string;
  /** What the table says, and the bar where there is one. */
  readonly about: string;
  run(context: CheckContext): Promise<CheckTable>;
}

export interface CheckContext {
  /** The published packages that are built. */
  readonly packages: readonly WorkspacePackage[];
  /** Rewrite what is committed (size baseline, API reports) instead of comparing with it. */
  readonly update: boolean;
  /** Bars in time fail too, rather than being printed only. */
  readonly strict: boolean;
  /** The executable that runs README programs; Node itself by default. */
  readonly runtime: string;
  /** A project outside the repository with the packed tarballs of all packages installed; made once. */
  consumer(): Consumer;
}

export interface CheckTable {
  readonly columns: readonly string[];
  readonly rows: readonly CheckRow[];
}

export interface CheckRow {
  readonly cells: readonly string[];
  readonly ok: boolean;
  /** What is wrong and what to do, printed below the table. */
  readonly problem?: string | undefined;
}

/** A row that is fine when there is no problem. */
export function row(cells: readonly string[], problem?: string): CheckRow {
  return { cells, ok: problem === undefined, problem };
}
