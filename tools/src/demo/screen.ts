/** Where a demonstration is shown: a terminal that can be drawn on again, or a pipe that takes lines. */

import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow';

export interface Screen {
  /** Whether a line can be drawn again in its place. */
  readonly redraws: boolean;
  /** Columns that may be used. */
  readonly width: number;
  /** Writes one line, or several. */
  line(text?: string): void;
  /** Draws the line at the bottom again. Nothing where it cannot be. */
  draw(text: string): void;
  /** The same text, in colour where there is colour. */
  style(style: Style, text: string): string;
}

/** The part of a writable stream that is needed. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
  /** Also says no under NO_COLOR and on a dumb terminal. */
  hasColors?(): boolean;
}

/** Wider lines are hard to read, and do not fit everywhere. */
const widest = 100;
const narrowest = 60;

const clearLine = '\r\u001b[2K';

export function createScreen(output: Output): Screen {
  const redraws = output.isTTY === true && process.env['TERM'] !== 'dumb';
  const coloured = output.isTTY === true && output.hasColors?.() === true;
  const width = Math.max(narrowest, Math.min(widest, output.columns ?? widest));
  let drawn = false;
  return {
    redraws,
    width,
    line(text = '') {
      output.write(`${drawn ? clearLine : ''}${text}\n`);
      drawn = false;
    },
    draw(text) {
      if (!redraws) return;
      output.write(clearLine + text);
      drawn = true;
    },
    style: (style, text) => (coloured ? styleText(style, text, { validateStream: false }) : text),
  };
}

/** Breaks text at spaces into lines of at most `width`, a longer word on a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines;
}
