/** Real data to show with, from the npm package vega-datasets: read from the disk, nothing is fetched. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parse } from 'csv-parse/sync';

/** Airports of the United States. */
export interface Airport {
  /** Three or four letters and digits; unique. */
  readonly iata: string;
  readonly name: string;
  readonly city: string;
  readonly state: string;
  readonly latitude: number;
  readonly longitude: number;
}

/** Films with what they cost and earned. Titles are not unique, and not all of them are text. */
export interface Movie {
  readonly Title: string | number | null;
  readonly [property: string]: string | number | null;
}

const require = createRequire(import.meta.url);
const home = dirname(require.resolve('vega-datasets/package.json'));

/** `vega-datasets 2.7.0` */
export function dataSource(): string {
  const { name, version } = JSON.parse(read('package.json')) as { name: string; version: string };
  return `${name} ${version}`;
}

/** 3,376 of them. */
export function readAirports(): Airport[] {
  const rows = parse<Record<keyof Airport, string>>(read('data', 'airports.csv'), { columns: true });
  return rows.map(({ iata, name, city, state, latitude, longitude }) => ({
    iata,
    name,
    city,
    state,
    latitude: Number(latitude),
    longitude: Number(longitude),
  }));
}

/** 3,201 of them. */
export function readMovies(): Movie[] {
  return JSON.parse(read('data', 'movies.json')) as Movie[];
}

function read(...path: string[]): string {
  return readFileSync(join(home, ...path), 'utf8');
}
