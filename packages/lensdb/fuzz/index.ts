/** `npm run fuzz -- lensdb` */

import type { Fuzz, FuzzPart } from '@wirewright/tools/fuzz';
import { runArguments } from './arguments/run.ts';
import { runDecoder } from './decoder/run.ts';
import { ldbdPlace, lensPlace, type Place, realPlace } from './guard/place.ts';
import { runGuard } from './guard/run.ts';

const claim = 'calls that the client accepts leave the server alive, and do what they say';

function guardPart(name: string, find: () => Promise<Place>): FuzzPart {
  return {
    name,
    claim,
    async run(settings) {
      await using place = await find();
      return await runGuard(place, settings);
    },
  };
}

const url = process.env['LENSDB_URL'];

export const fuzz: Fuzz = {
  parts: [
    ...(url === undefined || url === '' ? [] : [guardPart('guard-real', () => realPlace(url))]),
    guardPart('guard-lens', lensPlace),
    guardPart('guard-ldbd', ldbdPlace),
    {
      name: 'arguments',
      claim: 'wrong arguments are refused with an ArgumentError that shows no secrets, and nothing is sent',
      run: runArguments,
    },
    {
      name: 'decoder',
      claim:
        'whatever a server sends, nothing crashes, hangs or takes memory, and every call settles typed and in time',
      run: runDecoder,
    },
  ],
};
