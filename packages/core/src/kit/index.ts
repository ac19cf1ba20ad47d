export { type FrameMeter } from './framing/meter.ts';
export { type ByteSink, SlabWriter } from './framing/slab.ts';
export { type FrameSink, FrameSplitter, type FrameSplitterOptions } from './framing/splitter.ts';
export { WireError } from './framing/wire-error.ts';
export { type ByIdOptions, ByIdTable } from './pending/by-id.ts';
export { type TableHost } from './pending/host.ts';
export { InOrderTable, type InOrderOptions } from './pending/in-order.ts';
export { Ring } from './ring.ts';
