import { describe, expect, it } from 'vitest';
import { createProgress } from '../../src/demo/progress.ts';
import { createScreen } from '../../src/demo/screen.ts';
import { FakeOutput } from './output.ts';

describe('progress', () => {
  it('is a line for each tenth where a line cannot be drawn again', () => {
    const output = new FakeOutput();
    const progress = createProgress(createScreen(output), 2000, 'keys');
    for (let done = 0; done < 2000; done += 1) progress.add(1);
    progress.end();
    expect(output.lines.filter(Boolean)).toHaveLength(10);
    expect(output.lines[0]).toBe('    10 %  200 of 2,000 keys');
    expect(output.lines[9]).toBe('   100 %  2,000 of 2,000 keys');
  });

  it('is a bar that is drawn again at each percent, and stays when it is full', () => {
    const output = new FakeOutput({ isTTY: true });
    const progress = createProgress(createScreen(output), 1000, 'keys');
    for (let done = 0; done < 1000; done += 1) progress.add(1);
    expect(output.text.split('\r').length - 1).toBe(100);
    expect(output.text).not.toContain('\n');
    expect(output.text).toContain(`${'█'.repeat(20)}${'░'.repeat(20)}  50 %  500 of 1,000 keys`);
    progress.end();
    expect(output.text.endsWith(`${'█'.repeat(40)} 100 %  1,000 keys\n`)).toBe(true);
  });

  it('makes room for a line that is said in the middle', () => {
    const output = new FakeOutput({ isTTY: true });
    const screen = createScreen(output);
    createProgress(screen, 10, 'keys').add(3);
    screen.line('oh');
    expect(output.text.endsWith('\r\u001b[2Koh\n')).toBe(true);
  });

  it('does not go beyond its end', () => {
    const output = new FakeOutput();
    createProgress(createScreen(output), 3, 'keys').add(5);
    expect(output.lines[0]).toBe('   100 %  3 of 3 keys');
  });
});
