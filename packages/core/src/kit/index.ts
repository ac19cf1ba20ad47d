export { type FrameMeter } from './framing/meter.ts';
export { WireError } from './framing/wire-error.ts';
