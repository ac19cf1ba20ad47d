import { describe, expect, it } from 'vitest';
import { createScreen, wrap } from '../../src/demo/screen.ts';
import { Stage } from '../../src/demo/stage.ts';
import { FakeOutput } from './output.ts';

const never = new AbortController().signal;

describe('wrap', () => {
  it('breaks at spaces, keeps line breaks, and lets long words stand out', () => {
    expect(wrap('one two three\nfour', 9)).toEqual(['one two', 'three', 'four']);
    expect(wrap('a incomprehensibilities b', 5)).toEqual(['a', 'incomprehensibilities', 'b']);
  });
});

describe('a stage', () => {
  it('numbers its steps and keeps within the width', () => {
    const output = new FakeOutput({ columns: 60 });
    const stage = new Stage(createScreen(output), never);
    stage.step('First');
    stage.say('word '.repeat(60).trim());
    stage.quote('quoted '.repeat(30).trim());
    stage.step('Second');
    expect(output.lines).toContain('1. First');
    expect(output.lines).toContain('2. Second');
    expect(Math.max(...output.lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  it('is never wider than 100 columns', () => {
    const output = new FakeOutput({ columns: 300 });
    new Stage(createScreen(output), never).say('word '.repeat(100).trim());
    expect(Math.max(...output.lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('remembers what held, what did not and what was left out, and says it once more', () => {
    const output = new FakeOutput();
    const stage = new Stage(createScreen(output), never);
    stage.verify('one is one', true);
    stage.verify('one is two', false);
    stage.skip('two', 'there is none');
    expect(stage.claims.map(({ held }) => held)).toEqual(['yes', 'no', 'skipped']);
    expect(output.lines).toEqual(['   ok one is one', '   NO one is two', '   -- two: there is none', '']);
    output.text = '';
    stage.summarize('Summary');
    expect(output.lines).toEqual(['', 'Summary', '   ok one is one', '   NO one is two', '   -- two', '']);
  });

  it('begins no step when the user has had enough', () => {
    const controller = new AbortController();
    const stage = new Stage(createScreen(new FakeOutput()), controller.signal);
    stage.step('First');
    controller.abort(new Error('enough'));
    expect(() => stage.step('Second')).toThrow('enough');
  });
});
