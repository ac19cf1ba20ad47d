import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/index.ts';
import { Connection, PipelinedWire } from '../../src/socket/index.ts';
import { createLines, lineCodec, type LineWire } from '../support/lines.ts';

describe('Connection', () => {
  it('dials for nobody: not for an aborted signal, not for a client that is destroyed', async () => {
    const { connection, net, timekeeper, run } = createLines();
    expect(await Connection.open(connection, AbortSignal.abort('no'))).toMatchObject({ kind: 'aborted', cause: 'no' });
    timekeeper.abandonAll('over');
    expect(await Connection.open(connection)).toMatchObject({ kind: 'closed', cause: 'over' });
    await run(1000);
    expect(net.dials).toBe(0);
  });

  it('watches the stalls of several tables, and forgets all of them when it is over', async () => {
    const asked = [0, 0];
    let stalledMs = 0;
    const lines = createLines();
    const { connection, timekeeper, run } = lines;
    lines.answer = () => undefined;
    const createWire = (made: Connection<LineWire>): LineWire => {
      for (const table of [0, 1]) {
        made.limitStall({ stalledMs: () => ((asked[table] = (asked[table] ?? 0) + 1), table * stalledMs) }, 100);
      }
      return new PipelinedWire(made, { timekeeper, codec: lineCodec });
    };
    const opening = Connection.open({ ...connection, createWire });
    await run();
    const opened = (await opening) as Connection<LineWire>;
    // Time is looked at while somebody waits.
    const call = opened.wire.call('x');
    await run(50);
    expect(asked.map((times) => times > 3)).toEqual([true, true]);
    expect(opened.up).toBe(true);
    stalledMs = 101;
    await run(10);
    expect(await call).toMatchObject({ code: 'STALLED', outcome: 'unknown' });
    const before = [...asked];
    const other = lines.submit('y');
    await run(100);
    expect(asked).toEqual(before);
    await run(1000);
    expect(await other).toBeInstanceOf(Failure);
  });
});
