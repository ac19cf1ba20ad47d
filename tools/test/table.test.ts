import { describe, expect, it } from 'vitest';
import { formatTable } from '../src/report/table.ts';

describe('formatTable', () => {
  it('pads words to the left and numbers to the right', () => {
    const rows = [
      ['core', '12', '1.5 ms'],
      ['lensdb', '3', '-'],
    ];
    expect(formatTable(['package', 'n', 'time'], rows).split('\n')).toEqual([
      'package   n    time',
      '-------  --  ------',
      'core     12  1.5 ms',
      'lensdb    3       -',
    ]);
  });

  it('does not take a column with one word for numbers', () => {
    const rows = [['1'], ['none']];
    expect(formatTable(['size'], rows).split('\n').slice(2)).toEqual(['1', 'none']);
  });

  it('prints the heads of an empty table', () => {
    expect(formatTable(['a', 'bc'], [])).toBe('a  bc\n-  --');
  });
});
