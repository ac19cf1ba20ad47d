/**
 * What is refused before it is sent (sections 2.3, 2.6, 2.7 and 3.6). Problems are records, which the client turns
 * into its `ArgumentError`; their messages name the option and the way that works, never the key.
 */

import { byteBound, type BytesLike, byteLength } from './bytes.ts';
import { holdsEmbeddedFrame } from './embedded-frame.ts';
import { MessageType } from './ldbd/codes.ts';
import { ldbdLongestKey } from './ldbd/request.ts';
import { LensMessageType } from './lens/codes.ts';
import { lensRequestHeaderLength } from './lens/request.ts';

export interface RequestProblem {
  readonly what:
    | 'empty-key'
    | 'key-too-long'
    | 'newline-in-key'
    | 'value-too-long'
    | 'request-too-long'
    | 'embedded-frame'
    | 'ttl-out-of-range';
  readonly message: string;
  /** The option that moves the limit, where there is one. */
  readonly option?: string;
}

/** Limits of requests in the dialect `lens`. */
export interface LensLimits {
  /** Longest request frame: the receive buffer of the server, `serverBufferSize`. */
  readonly maxRequestBytes: number;
  /** Refuses frames over 1200 bytes that hold the start of another frame. */
  readonly injectionGuard: boolean;
  /** Lets keys with LF be written, although KEYS cannot list them unambiguously. */
  readonly allowNewlineInKeys: boolean;
}

/** Limits of requests in the dialect `ldbd`. */
export interface LdbdLimits {
  /** At most 65 535. */
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  readonly allowNewlineInKeys: boolean;
}

/** Fixed in the engine of every known LensDB server. */
export const engineKeyBytes = 1024;
export const engineValueBytes: number = 1024 * 1024;

export const defaultLensLimits: LensLimits = Object.freeze({
  maxRequestBytes: 4096,
  injectionGuard: true,
  allowNewlineInKeys: false,
});

export const defaultLdbdLimits: LdbdLimits = Object.freeze({
  maxKeyBytes: engineKeyBytes,
  maxValueBytes: engineValueBytes,
  allowNewlineInKeys: false,
});

export const longestTtlSeconds = 0xffff_ffff;

/** A frame of at most this many bytes is one segment on any network, and arrives whole. */
const oneSegment = 1200;

/** Whether commands of this type carry a key; the others ignore it. */
function lensTakesKey(type: LensMessageType): boolean {
  switch (type) {
    case LensMessageType.GET:
    case LensMessageType.SET:
    case LensMessageType.DELETE:
    case LensMessageType.EXISTS:
    case LensMessageType.SETEX:
      return true;
    default:
      return false;
  }
}

export function ldbdTakesKey(type: MessageType): boolean {
  return (type >= MessageType.GET && type <= MessageType.EXISTS) || type === MessageType.SETEX;
}

/**
 * @param ttlSeconds with SETEX; ignored with everything else
 * @returns what is wrong with a request in the dialect `lens`, or undefined
 */
export function checkLensRequest(
  limits: LensLimits,
  type: LensMessageType,
  key: BytesLike,
  value: BytesLike,
  ttlSeconds: number,
): RequestProblem | undefined {
  if (!lensTakesKey(type)) return undefined;
  const writes = type === LensMessageType.SET || type === LensMessageType.SETEX;
  if (!writes && key.length > 0 && isShortEnough(limits, byteBound(key))) return undefined;
  const keyLength = byteLength(key);
  const problem = checkKey(key, keyLength, writes && !limits.allowNewlineInKeys, engineKeyBytes);
  if (problem) return problem;
  if (!writes) return checkFrameLength(limits, lensRequestHeaderLength + keyLength);
  const flags = type === LensMessageType.SETEX ? ttlSeconds : 0;
  const ttlProblem = type === LensMessageType.SETEX ? checkTtl(ttlSeconds) : undefined;
  if (ttlProblem) return ttlProblem;
  const valueLength = byteLength(value);
  if (valueLength > engineValueBytes) {
    return {
      what: 'value-too-long',
      message: `a value has at most ${engineValueBytes} bytes on a LensDB server, this one has ${valueLength}; store it in parts under several keys`,
    };
  }
  const length = lensRequestHeaderLength + keyLength + valueLength;
  const frameProblem = checkFrameLength(limits, length);
  if (frameProblem) return frameProblem;
  if (
    length > oneSegment &&
    limits.injectionGuard &&
    holdsEmbeddedFrame(type, key, keyLength, value, valueLength, flags)
  ) {
    return {
      what: 'embedded-frame',
      option: 'injectionGuard',
      message:
        "the request holds the bytes 'LENS' 01, the start of another request, which the server would execute if the network " +
        `split the frame there; store the value encoded (for instance base64), or in frames of at most ${oneSegment} bytes, or set 'injectionGuard' to false if the value is trusted`,
    };
  }
  return undefined;
}

/**
 * @param ttlSeconds with SETEX; ignored with everything else
 * @returns what is wrong with a request in the dialect `ldbd`, or undefined
 */
export function checkLdbdRequest(
  limits: LdbdLimits,
  type: MessageType,
  key: BytesLike,
  value: BytesLike,
  ttlSeconds: number,
): RequestProblem | undefined {
  if (!ldbdTakesKey(type)) return undefined;
  const writes = type === MessageType.SET || type === MessageType.SETEX;
  const longest = Math.min(limits.maxKeyBytes, ldbdLongestKey);
  const option = longest < ldbdLongestKey ? 'maxKeyBytes' : undefined;
  const problem = checkKey(key, byteLength(key), writes && !limits.allowNewlineInKeys, longest, option);
  if (problem || !writes) return problem;
  const ttlProblem = type === MessageType.SETEX ? checkTtl(ttlSeconds) : undefined;
  if (ttlProblem) return ttlProblem;
  const valueLength = byteLength(value);
  if (valueLength > limits.maxValueBytes) {
    return {
      what: 'value-too-long',
      option: 'maxValueBytes',
      message: `a value has at most ${limits.maxValueBytes} bytes, this one has ${valueLength}; store it in parts under several keys, or raise 'maxValueBytes' if the server takes longer ones`,
    };
  }
  return undefined;
}

/** @returns what is wrong with a time to live in seconds, or undefined */
export function checkTtl(seconds: number): RequestProblem | undefined {
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= longestTtlSeconds) return undefined;
  const reason =
    seconds === 0
      ? "0 means 'already expired' to one LensDB server and 'never expires' to one client; leave 'ttl' out for an entry that stays, or delete the key"
      : "leave 'ttl' out for an entry that stays";
  return {
    what: 'ttl-out-of-range',
    option: 'ttl',
    message: `'ttl' must be a whole number of seconds from 1 to ${longestTtlSeconds}, got ${String(seconds)}; ${reason}`,
  };
}

function checkKey(
  key: BytesLike,
  length: number,
  refuseNewline: boolean,
  longest: number,
  option?: string,
): RequestProblem | undefined {
  if (length === 0) return { what: 'empty-key', message: 'a key has at least 1 byte, this one is empty' };
  if (length > longest) {
    const way = option ? `, or raise '${option}' if the server takes longer ones` : '';
    return {
      what: 'key-too-long',
      ...(option ? { option } : {}),
      message: `a key has at most ${longest} bytes, this one has ${length}; use a shorter key, for instance a hash of it${way}`,
    };
  }
  if (refuseNewline && (typeof key === 'string' ? key.includes('\n') : key.includes(0x0a))) {
    return {
      what: 'newline-in-key',
      option: 'allowNewlineInKeys',
      message:
        'the key holds a line feed, with which KEYS separates keys: a list of keys would show it as several; ' +
        "use another separator, or set 'allowNewlineInKeys' if nothing lists keys",
    };
  }
  return undefined;
}

/** Whether a key of at most so many bytes is neither too long itself nor makes a frame that is. */
function isShortEnough(limits: LensLimits, keyBytes: number): boolean {
  return keyBytes <= engineKeyBytes && lensRequestHeaderLength + keyBytes <= limits.maxRequestBytes;
}

function checkFrameLength(limits: LensLimits, length: number): RequestProblem | undefined {
  if (length <= limits.maxRequestBytes) return undefined;
  return {
    what: 'request-too-long',
    option: 'maxRequestBytes',
    message:
      `the request has ${length} bytes with its header, more than 'maxRequestBytes' (${limits.maxRequestBytes}): a LensDB server takes one ` +
      "read of its buffer as one request; store less under one key, or raise the server's serverBufferSize and 'maxRequestBytes' together",
  };
}
