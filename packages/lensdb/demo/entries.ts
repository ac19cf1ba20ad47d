/** The records of the demonstration under the keys that they are stored at. */

import { readAirports, readMovies } from '@wirewright/tools/demo';
import type { Entry } from './tour.ts';

export interface Records {
  readonly airports: readonly Entry[];
  readonly movies: readonly Entry[];
}

/** Keys that can be scanned: `…airport:TX:AUS`, `…movie:0042`. */
export function readRecords(prefix: string): Records {
  const entry = (name: string, record: unknown): Entry => ({
    key: prefix + name,
    json: JSON.stringify(record),
    record,
  });
  return {
    airports: readAirports().map((airport) => entry(`airport:${airport.state}:${airport.iata}`, airport)),
    movies: readMovies().map((movie, index) => entry(`movie:${String(index).padStart(4, '0')}`, movie)),
  };
}
