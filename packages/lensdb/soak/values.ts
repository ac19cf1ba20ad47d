/** Values that say whose they are: of which key, and of which of its versions. Every byte follows from the two. */

/** Key number, version and length, four bytes each. */
const headerBytes = 12;

/** A request with such a value and a key of this soak stays below the 4096 bytes that servers take. */
const longestBody = 3500;

const pool = Uint8Array.from({ length: 8192 }, (_, index) => Math.imul(index + 1, 0x9e3779b1) >>> 24);

function mix(key: number, version: number): number {
  const mixed = Math.imul(key ^ Math.imul(version, 0x85ebca6b), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/** Seven of eight are short, as values are in most stores. */
function bodyLength(mixed: number): number {
  return (mixed & 7) === 0 ? mixed % longestBody : mixed % 120;
}

export function valueOf(key: number, version: number): Uint8Array {
  const mixed = mix(key, version);
  const length = bodyLength(mixed);
  const value = new Uint8Array(headerBytes + length);
  const view = new DataView(value.buffer);
  view.setUint32(0, key);
  view.setUint32(4, version);
  view.setUint32(8, length);
  const from = mixed % (pool.length - longestBody);
  value.set(pool.subarray(from, from + length), headerBytes);
  return value;
}

/** The version, if this is a value of that key; otherwise what it is instead. */
export function versionIn(key: number, value: Uint8Array): number | string {
  if (value.length < headerBytes) return `${value.length} bytes, which are no value of this run`;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const version = view.getUint32(4);
  if (view.getUint32(0) !== key) return `a value of key ${view.getUint32(0)}`;
  const expected = valueOf(key, version);
  if (Buffer.compare(expected, value) === 0) return version;
  return `a damaged value of version ${version} (${value.length} bytes, expected ${expected.length})`;
}
