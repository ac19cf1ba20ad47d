import { describe, expect, it } from 'vitest';
import { count, duration, size } from '../../src/demo/figures.ts';
import { dataSource, readAirports, readMovies } from '../../src/demo/records.ts';

describe('the data sets', () => {
  it('are those of the pinned package', () => {
    expect(dataSource()).toMatch(/^vega-datasets \d+\.\d+\.\d+$/);
    const airports = readAirports();
    expect(airports).toHaveLength(3376);
    expect(new Set(airports.map(({ iata }) => iata)).size).toBe(3376);
    expect(airports.find(({ iata }) => iata === 'DBN')).toEqual({
      iata: 'DBN',
      name: 'W. H. "Bud" Barron',
      city: 'Dublin',
      state: 'GA',
      latitude: 32.56445806,
      longitude: -82.98525556,
    });
    expect(readMovies()).toHaveLength(3201);
  });
});

describe('figures', () => {
  it('are short', () => {
    expect([count(1234567), duration(0.123), duration(12.3), duration(1234)]).toEqual([
      '1,234,567',
      '0.12 ms',
      '12 ms',
      '1.2 s',
    ]);
    expect([size(812), size(45_678), size(1_334_000)]).toEqual(['812 bytes', '46 kB', '1.3 MB']);
  });
});
