/** Shows how far something long has come: a bar where it can be drawn again, otherwise a line for each tenth. */

import { count } from './figures.ts';
import type { Screen } from './screen.ts';

export interface Progress {
  /** So many more are done. */
  add(done: number): void;
  /** It is over, wherever it stands. */
  end(): void;
}

const barWidth = 40;
const indent = '   ';

export function createProgress(screen: Screen, total: number, unit: string): Progress {
  let done = 0;
  let shown = -1;
  const show = (): void => {
    const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
    const step = screen.redraws ? percent : Math.floor(percent / 10) * 10;
    if (step <= shown || step === 0) return;
    shown = step;
    const figures = `${String(percent).padStart(3)} %  ${count(done)} of ${count(total)} ${unit}`;
    if (!screen.redraws) {
      screen.line(indent + figures);
      return;
    }
    const filled = Math.round((barWidth * percent) / 100);
    const bar = screen.style('green', '█'.repeat(filled)) + screen.style('dim', '░'.repeat(barWidth - filled));
    screen.draw(`${indent}${bar} ${figures}`);
  };
  return {
    add(more) {
      done = Math.min(total, done + more);
      show();
    },
    end() {
      // A drawn bar that is not finished makes room for what is said next; a finished one stays.
      if (screen.redraws && done === total)
        screen.line(`${indent}${screen.style('green', '█'.repeat(barWidth))} 100 %  ${count(total)} ${unit}`);
    },
  };
}
