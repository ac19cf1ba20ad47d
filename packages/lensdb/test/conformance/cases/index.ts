import type { Case } from '../case.ts';
import { basicCases } from './basic.ts';
import { callCases } from './calls.ts';
import { guardFuzzCase } from './guard-fuzz.ts';
import { keyCases } from './keys.ts';
import { objectCases } from './objects.ts';
import { wholeStoreCases } from './whole-store.ts';

/** In this order, one after the other: the last ones need the store for themselves. */
export const cases: readonly Case[] = [
  ...basicCases,
  ...keyCases,
  ...objectCases,
  ...callCases,
  guardFuzzCase(2000, 1),
  ...wholeStoreCases,
];
