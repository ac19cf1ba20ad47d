/** Numbers of the dialect `lens`, sections 2.3 and 2.4 of the specification. */

export const LensMessageType = {
  PING: 0,
  GET: 1,
  SET: 2,
  DELETE: 3,
  EXISTS: 4,
  KEYS: 5,
  SIZE: 6,
  CLEAR: 7,
  STATS: 8,
  SETEX: 9,
} as const;

export type LensMessageType = (typeof LensMessageType)[keyof typeof LensMessageType];

export const LensResponseStatus = {
  SUCCESS: 0,
  KEY_NOT_FOUND: 1,
  /** Reserved: server 0.1.0.0 answers an empty key with `INTERNAL_ERROR`. */
  INVALID_KEY: 2,
  /** Reserved: server 0.1.0.0 leaves a SET unanswered until there is room. */
  STORAGE_FULL: 3,
  /** Something is wrong with the frame or its sizes, or the network split it. */
  INVALID_MESSAGE: 4,
  INTERNAL_ERROR: 5,
  UNSUPPORTED: 6,
} as const;

export type LensResponseStatus = (typeof LensResponseStatus)[keyof typeof LensResponseStatus];

/** Name of each status, at its number. */
export const lensStatusNames: readonly (keyof typeof LensResponseStatus)[] = Object.freeze([
  'SUCCESS',
  'KEY_NOT_FOUND',
  'INVALID_KEY',
  'STORAGE_FULL',
  'INVALID_MESSAGE',
  'INTERNAL_ERROR',
  'UNSUPPORTED',
]);

export function isLensMessageType(code: number): code is LensMessageType {
  return code >= 0 && code <= LensMessageType.SETEX;
}

export function isLensResponseStatus(code: number): code is LensResponseStatus {
  return code >= 0 && code <= LensResponseStatus.UNSUPPORTED;
}
