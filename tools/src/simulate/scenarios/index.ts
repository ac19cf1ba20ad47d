import type { Scenario } from '@wirewright/core/testing';
import { byId } from './by-id.ts';
import { pipelined } from './pipelined.ts';
import { pooled } from './pooled.ts';

export const scenarios: readonly Scenario[] = [pooled, pipelined, byId];
