/** What is asked and answered, as payloads. */

import { Failure } from '@wirewright/core';
import { WireError } from '@wirewright/core/kit';
import { Code, Flag, type Frame } from './frame.ts';

export interface Ingest {
  readonly kind: 'ingest';
  readonly topicId: number;
  readonly recordCount: number;
  /** Records back to back. Must not change until the batch is acknowledged. */
  readonly payload: Uint8Array;
}

export interface Control {
  readonly kind: 'control';
  readonly code: number;
  readonly payload: Uint8Array;
}

export type Request = Ingest | Control;

/** What a fetch brought; `catchingUp` when the offset is past the end. */
export interface Fetched {
  readonly nextOffset: bigint;
  readonly data: Uint8Array;
  readonly catchingUp: boolean;
}

export type Reply = Fetched | string;

type FrameKind = 'control' | 'keepalive' | 'ack' | 'backpressure' | 'ingest' | 'unknown';

/** In this order: several flags may be set. */
export function kindOf(flags: number, payloadLength: number): FrameKind {
  if (flags & Flag.control) return 'control';
  if (flags & Flag.keepalive) return 'keepalive';
  if (flags & Flag.ack) return 'ack';
  if (flags & Flag.backpressure) return 'backpressure';
  return flags & Flag.batch || payloadLength > 0 ? 'ingest' : 'unknown';
}

export function fetchOf(topicId: number, offset: bigint, maxBytes: number): Control {
  const payload = new Uint8Array(16);
  const view = new DataView(payload.buffer);
  view.setUint32(0, topicId, true);
  view.setBigUint64(4, offset, true);
  view.setUint32(12, maxBytes, true);
  return { kind: 'control', code: Code.fetch, payload };
}

export function createTopicOf(name: string): Control {
  return { kind: 'control', code: Code.createTopic, payload: new TextEncoder().encode(name) };
}

/** A record of raw bytes: type, length, value. */
export function rawRecord(value: Uint8Array): Uint8Array {
  const record = new Uint8Array(5 + value.length);
  record[0] = 1;
  new DataView(record.buffer).setUint32(1, value.length, true);
  record.set(value, 5);
  return record;
}

/** Reads the reply to a control command. */
export function replyOf({ batchId, payload }: Frame): Reply | Failure {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  switch (Number(batchId)) {
    case Code.fetchResponse: {
      if (payload.length < 16 || view.getUint32(8, true) !== payload.length - 16) {
        throw new WireError('a fetch response does not say how long its data is');
      }
      return { nextOffset: view.getBigUint64(0, true), data: payload.subarray(16), catchingUp: false };
    }
    case Code.catchingUp:
      if (payload.length < 8) throw new WireError('a catching-up reply is shorter than 8 bytes');
      return { nextOffset: view.getBigUint64(0, true), data: payload.subarray(8), catchingUp: true };
    case Code.error:
      return refusal(new TextDecoder().decode(payload));
    default:
      return new TextDecoder().decode(payload);
  }
}

/** A batch that fails so takes all that were read with it, without another word. */
export const isQuorumLost = (failure: Failure): boolean =>
  String(failure.details?.['serverMessage']).startsWith('FORWARD_FAILED: Quorum not reached');

function refusal(serverMessage: string): Failure {
  const code = /^(?:Unknown topic|.*[Tt]opic .*not found)/.test(serverMessage) ? 'TOPIC_NOT_FOUND' : 'SERVER';
  return new Failure({
    kind: 'server',
    code,
    message: `the server refused: ${code}`,
    outcome: 'rejected',
    retryable: serverMessage.startsWith('FORWARD_FAILED') || serverMessage === 'Rate limit exceeded',
    details: Object.defineProperty({}, 'serverMessage', { value: serverMessage }),
  });
}
