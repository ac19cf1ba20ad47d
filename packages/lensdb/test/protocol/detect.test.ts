import { describe, expect, it } from 'vitest';
import { toBytes } from '../../src/protocol/bytes.ts';
import { Detector, type DetectStep, probes } from '../../src/protocol/detect.ts';
import { ldbdResponse } from '../../src/protocol/ldbd/response.ts';
import { lensResponse } from '../../src/protocol/lens/response.ts';
import { capture, toHex } from '../fixtures/captures.ts';

const { request, response } = capture('magic.ldbd_ping_probe');
const lensAnswer = response as Uint8Array;
const pong = capture('ping').response as Uint8Array;

/** The last step when `bytes` come in pieces of `size`; all before it must be `more`. */
function fed(probe: 'ldbd' | 'lens', bytes: Uint8Array, size: number = bytes.length): DetectStep {
  const detector = new Detector(probe);
  for (let at = 0; at < bytes.length; at += size) {
    const step = detector.feed(bytes, at, Math.min(bytes.length, at + size));
    if (step.kind !== 'more') return step;
  }
  return { kind: 'more' };
}

describe('detection', () => {
  it('probes with the bytes that were measured', () => {
    expect(toHex(probes.ldbd)).toBe(toHex(request));
    expect(toHex(probes.lens)).toBe(toHex(capture('ping').request));
  });

  it('tells lens by its answer of 46 bytes, and consumes exactly that', () => {
    expect(lensAnswer).toHaveLength(46);
    for (let size = 1; size <= 46; size++) {
      const detector = new Detector('ldbd');
      for (let at = 0; at < 46; at += size) {
        const step = detector.feed(lensAnswer, at, Math.min(46, at + size));
        expect(step.kind).toBe(at + size < 46 ? 'more' : 'lens');
      }
    }
    expect(fed('ldbd', Buffer.concat([lensAnswer, Uint8Array.of(0)]))).toMatchObject({
      kind: 'not-lensdb',
      message: 'the peer sent more than one answer to the probe',
    });
  });

  it('tells ldbd by two bytes, and hands over what came', () => {
    const answer = ldbdResponse(0, '', 'PONG');
    expect(fed('ldbd', answer)).toEqual({ kind: 'ldbd', received: answer });
    expect(fed('ldbd', answer, 1)).toEqual({ kind: 'ldbd', received: answer.slice(0, 2) });
  });

  it('takes the answer to a lens PING in the second attempt', () => {
    for (const size of [1, 5, 18]) expect(fed('lens', pong, size)).toEqual({ kind: 'lens' });
  });

  it('asks as ldbd again when the second attempt is refused in that dialect', () => {
    expect(fed('lens', ldbdResponse(3, 'bad magic'))).toEqual({ kind: 'ask-ldbd' });
  });

  it('expects the status that belongs to the probe', () => {
    for (const [probe, answer] of [
      ['lens', lensAnswer],
      ['ldbd', pong],
    ] as const) {
      const step = fed(probe, answer);
      if (step.kind !== 'not-lensdb') return expect.unreachable(step.kind);
      expect(step.message).toMatch(/^expected status \d in the answer to the probe, got \d$/);
    }
  });

  it('reports other peers with 8 printable bytes at most, outside of the message', () => {
    for (const [text, excerpt, http] of [
      ['HTTP/1.1 400 Bad Request\r\n', 'HTTP/1.1', true],
      ['HTTP', 'HTTP', true],
      ['HT', 'HT', true],
      ['H', 'H', false],
      ['-ERR unknown command', '-ERR unk', false],
      ['SSH-2.0-x', 'SSH-2.0-', false],
      ['LX', 'LX', false],
      ['\x00\x01\\\x7f~', '\\x00\\x01\\x5c\\x7f~', false],
    ] as const) {
      const step = fed('ldbd', toBytes(text));
      if (step.kind !== 'not-lensdb') return expect.unreachable(step.kind);
      expect([step.excerpt, step.http]).toEqual([excerpt, http]);
      expect(step.message).toBe('the peer does not speak LensDB');
    }
  });

  it('refuses frames that are damaged or too long', () => {
    const damaged = lensAnswer.slice();
    damaged[4] = 2;
    expect(fed('ldbd', damaged)).toMatchObject({ kind: 'not-lensdb', message: expect.stringMatching(/version 1/) });
    expect(fed('ldbd', lensResponse(4, '', 'x'.repeat(2000)))).toMatchObject({ kind: 'not-lensdb' });
    expect(fed('ldbd', new Uint8Array(100_000))).toMatchObject({ kind: 'not-lensdb', excerpt: '' });
  });

  it('waits while nothing tells', () => {
    expect(new Detector('ldbd').feed(new Uint8Array(0))).toEqual({ kind: 'more' });
    expect(fed('ldbd', toBytes('L'))).toEqual({ kind: 'more' });
  });
});
