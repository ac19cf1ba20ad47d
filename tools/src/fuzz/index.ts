export { Findings } from './findings.ts';
export { type Fuzz, type FuzzPart, type FuzzResult, type FuzzSettings } from './fuzz.ts';
