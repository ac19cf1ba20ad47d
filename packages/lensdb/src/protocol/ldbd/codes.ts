/** Numbers of the dialect `ldbd` under their documented names, sections 3.3 and 3.4 of the specification. */

export const MessageType = {
  GET: 1,
  SET: 2,
  DELETE: 3,
  EXISTS: 4,
  KEYS: 5,
  SIZE: 6,
  CLEAR: 7,
  SETEX: 8,
  PING: 9,
} as const;

export type MessageType = (typeof MessageType)[keyof typeof MessageType];

export const ResponseStatus = {
  SUCCESS: 0,
  ERROR: 1,
  KEY_NOT_FOUND: 2,
  INVALID_REQUEST: 3,
  SERVER_ERROR: 4,
} as const;

export type ResponseStatus = (typeof ResponseStatus)[keyof typeof ResponseStatus];

/** Name of each status, at its number. */
export const ldbdStatusNames: readonly (keyof typeof ResponseStatus)[] = Object.freeze([
  'SUCCESS',
  'ERROR',
  'KEY_NOT_FOUND',
  'INVALID_REQUEST',
  'SERVER_ERROR',
]);

export function isMessageType(code: number): code is MessageType {
  return code >= MessageType.GET && code <= MessageType.PING;
}

export function isResponseStatus(code: number): code is ResponseStatus {
  return code >= 0 && code <= ResponseStatus.SERVER_ERROR;
}
