/** What a demonstration has to show with: headings, text, bars, tables, and claims that it verifies. */

import { formatTable } from '../report/table.ts';
import { createProgress, type Progress } from './progress.ts';
import { type Screen, wrap } from './screen.ts';

const indent = '   ';

/** One claim of a demonstration, and whether it held. */
export interface Claim {
  readonly what: string;
  readonly held: 'yes' | 'no' | 'skipped';
}

/** Ends a demonstration with an explanation instead of a stack: the server cannot be used, say. */
export class DemoEnd extends Error {
  override readonly name = 'DemoEnd';
}

export class Stage {
  /** Aborted when the user has enough (Ctrl-C): what runs is to end, and to clean up. */
  readonly signal: AbortSignal;
  readonly #screen: Screen;
  readonly #claims: Claim[] = [];
  #steps = 0;

  constructor(screen: Screen, signal: AbortSignal) {
    this.#screen = screen;
    this.signal = signal;
  }

  /** Every claim so far, in order. */
  get claims(): readonly Claim[] {
    return this.#claims;
  }

  /** The beginning: what is shown, and on what. */
  open(title: string, ...about: string[]): void {
    this.#screen.line();
    this.#screen.line(this.#screen.style('bold', title));
    for (const text of about) for (const line of wrap(text, this.#screen.width)) this.#screen.line(line);
  }

  /** Begins the next numbered step. @throws the reason of `signal` when the user has enough */
  step(title: string): void {
    this.signal.throwIfAborted();
    this.#steps += 1;
    this.#screen.line();
    this.#screen.line(this.#screen.style('bold', `${this.#steps}. ${title}`));
  }

  say(text: string): void {
    this.#lines(text, indent, indent);
  }

  /** Words of somebody else: the message of an error, an answer of a server. */
  quote(text: string): void {
    const border = `${indent}  ${this.#screen.style('dim', '|')} `;
    for (const line of wrap(text, this.#screen.width - indent.length - 4)) this.#screen.line(border + line);
  }

  /** A claim that was looked into: it goes into the summary, and when it does not hold, into the exit code. */
  verify(what: string, holds: boolean): void {
    this.#claims.push({ what, held: holds ? 'yes' : 'no' });
    this.#mark(holds ? 'yes' : 'no', what);
  }

  /** What cannot be shown here, and why. */
  skip(what: string, why: string): void {
    this.#claims.push({ what, held: 'skipped' });
    this.#mark('skipped', `${what}: ${why}`);
  }

  table(columns: readonly string[], rows: readonly (readonly string[])[]): void {
    for (const line of formatTable(columns, rows).split('\n')) this.#screen.line(indent + line);
  }

  progress(total: number, unit: string): Progress {
    return createProgress(this.#screen, total, unit);
  }

  /** Everything that was claimed, once more. */
  summarize(title: string): void {
    this.#screen.line();
    this.#screen.line(this.#screen.style('bold', title));
    for (const { what, held } of this.#claims) this.#mark(held, what);
  }

  #mark(held: Claim['held'], text: string): void {
    const { style } = this.#screen;
    const words = { yes: style('green', 'ok'), no: style('red', 'NO'), skipped: style('yellow', '--') };
    this.#lines(text, `${indent}${words[held]} `, `${indent}   `);
  }

  #lines(text: string, first: string, further: string): void {
    const lines = wrap(text, this.#screen.width - further.length);
    for (const [index, line] of lines.entries()) this.#screen.line((index === 0 ? first : further) + line);
  }
}
