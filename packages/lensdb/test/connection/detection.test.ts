import { describe, expect, it } from 'vitest';
import { ConnectionError, LensDBError, ProtocolError, TimeoutError } from '../../src/index.ts';
import { MessageType } from '../../src/protocol/ldbd/codes.ts';
import { ldbdResponse } from '../../src/protocol/ldbd/response.ts';
import { lensResponse } from '../../src/protocol/lens/response.ts';
import { type Behaviour, Lab } from '../lab.ts';
import { bytes, closesAtOnce, http, ldbd, lens, lensStore, silent, text } from '../servers.ts';

const once = { maxRetries: 0 } as const;

/** The magic of each write, and the connection that it went to. */
function magics(lab: Lab): string[] {
  return lab.writes.map(({ connection, bytes: written }) => `${connection}:${text(written.subarray(0, 4))}`);
}

describe('detection', () => {
  it('finds a lens server, keeps the connection of the probe, and asks no more', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client({ maxConnections: 2 });
    expect(client.info().dialect).toBe(undefined);
    await lab.run(client.connect());
    expect(magics(lab)).toEqual(['1:LDBD']);
    expect(client.info().dialect).toBe('lens');
    await lab.run(Promise.all([client.get('a'), client.get('b')]));
    expect(magics(lab)).toEqual(['1:LDBD', '1:LENS', '2:LENS']);
  });

  it('finds an ldbd server, learns its PING, and asks no more', async () => {
    const lab = new Lab();
    lab.serve(ldbd());
    const client = lab.client({ maxConnections: 2 });
    await lab.run(client.connect());
    expect(lab.writes.map(({ bytes: { length } }) => length)).toEqual([16, 32]);
    expect([client.info().dialect, client.info().ldbdReads]).toEqual(['ldbd', 'fence']);
    await lab.run(Promise.all([client.exists('a'), client.exists('b')]));
    expect(magics(lab)).toEqual(['1:LDBD', '1:LDBD', '1:LDBD', '2:LDBD']);
  });

  it('takes the answer in any pieces', async () => {
    const lab = new Lab();
    lab.serve((peer) => {
      const answer = lens()(peer) as (received: Uint8Array) => void;
      return (received) => {
        if (text(received.subarray(0, 4)) !== 'LDBD') return answer(received);
        const probe = lensResponse(4, '', 'Invalid magic number: 1279541828');
        for (const byte of probe) peer.send(Uint8Array.of(byte));
      };
    });
    const client = lab.client();
    expect(await lab.run(client.get('a'))).toBe(null);
  });

  it('says that an HTTP server is no LensDB server, at once', async () => {
    const lab = new Lab();
    lab.serve(http);
    const client = lab.client();
    const error = await lab.failure(client.get('a'));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ code: 'NOT_LENSDB', outcome: 'not-sent', retryable: false, attempts: 1 });
    expect((error as Error).message).toMatch(
      /first bytes: HTTP\/1\.1.*an HTTP server listens there; is the port right\?/,
    );
    expect(lab.net.openSockets).toBe(0);
  });

  it('shows no more than eight bytes of a peer that is something else', async () => {
    const lab = new Lab();
    lab.serve((peer) => () => peer.send(bytes('220 mail.example.org ESMTP secret')));
    const error = await lab.failure(lab.client().get('a'));
    expect((error as Error).message).toContain('220 mail)');
    expect(JSON.stringify(error)).not.toContain('example');
  });

  it.each([
    ['was silent', () => {}],
    ['closed', (peer: { end(): void }) => peer.end()],
  ])('finds an ldbd server whose first connection %s', async (_how, accident) => {
    const lab = new Lab();
    const speaks = ldbd();
    lab.serve((peer) => {
      if (peer.number === 1) return () => accident(peer);
      const answers = speaks(peer);
      return (received) =>
        text(received.subarray(0, 4)) === 'LENS' ? peer.send(ldbdResponse(3, 'bad magic')) : answers?.(received);
    });
    const client = lab.client(once);
    await lab.run(client.connect());
    expect(magics(lab)).toEqual(['1:LDBD', '2:LENS', '3:LDBD', '3:LDBD']);
    expect(client.info().dialect).toBe('ldbd');
  });

  it('says what it knows of an ldbd server that does not answer its PING a second time either', async () => {
    const lab = new Lab();
    lab.serve((peer) => (received) => {
      if (text(received.subarray(0, 4)) === 'LENS') peer.send(ldbdResponse(3, 'bad magic'));
    });
    expect(await lab.failure(lab.client(once).connect())).toMatchObject({ code: 'NO_ANSWER', outcome: 'not-sent' });
    expect(magics(lab)).toEqual(['1:LDBD', '2:LENS', '3:LDBD']);
  });

  it('does not believe for good that an ldbd server closes behind each answer', async () => {
    const lab = new Lab();
    const speaks = ldbd(new Map([['a', bytes('1')]]));
    lab.serve((peer) => {
      const answers = speaks(peer);
      // Two first connections that are lost behind their first answer, as in a restart.
      return (received) => (peer.number <= 2 && received[5] === MessageType.EXISTS ? peer.end() : answers?.(received));
    });
    const client = lab.client({ ...once, attemptTimeoutMs: 5000 });
    await lab.failure(client.getText('a'));
    expect(await lab.run(client.getText('a'))).toBe('1');
    expect(client.info().ldbdReads).toBe('fence');
  });

  it('keeps what is known while one connection is in doubt', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client({ ...once, maxConnections: 2 });
    await lab.run(client.set('a', '1'));
    const controller = new AbortController();
    const kept = client.getText('a');
    const given = lab.failure(client.get('a', { signal: controller.signal }));
    // Its request is out, on a connection that has not said anything.
    for (let ms = 0; ms < 20 && !lab.writes.some(({ connection }) => connection === 2); ms += 1) await lab.advance(1);
    controller.abort();
    await given;
    expect([await lab.run(kept), client.info().dialect]).toEqual(['1', 'lens']);
    // The next connection asks again.
    const before = lab.writes.length;
    await lab.run(Promise.all([client.get('a'), client.get('b')]));
    expect(lab.writes.slice(before).filter(({ bytes: [, second] }) => second === 0x44)).toHaveLength(1);
  });

  it('asks a silent peer again, as lens, and then says that it does not answer', async () => {
    const lab = new Lab();
    lab.serve(silent);
    const error = await lab.failure(lab.client(once).get('a'));
    expect(magics(lab)).toEqual(['1:LDBD', '2:LENS']);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toBeInstanceOf(LensDBError);
    expect(error).toMatchObject({
      code: 'NO_ANSWER',
      outcome: 'not-sent',
      retryable: true,
      details: { phase: 'probe' },
    });
    expect((error as Error).message).toMatch(/connected to 127\.0\.0\.1:8080, but the peer does not answer/);
    expect(lab.now).toBeGreaterThanOrEqual(4000);
    expect(lab.net.openSockets).toBe(0);
  });

  it('asks a peer that closes again, as lens, and then says that it was refused', async () => {
    const lab = new Lab();
    lab.serve(closesAtOnce);
    const error = await lab.failure(lab.client(once).get('a'));
    expect(lab.peers.length).toBe(2);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ code: 'REFUSED', outcome: 'not-sent', retryable: true });
    await lab.advance(20);
    expect(lab.ports.clock.pendingTimers).toBe(0);
  });

  it.each<[string, Behaviour]>([
    ['silent', () => {}],
    ['closing', (peer) => () => peer.end()],
  ])('finds a lens server that is %s towards what it does not know', async (_how, other) => {
    const lab = new Lab();
    lab.serve((peer) => {
      const [known, unknown] = [lens()(peer), other(peer)];
      return (received) => (text(received.subarray(0, 4)) === 'LENS' ? known : unknown)?.(received);
    });
    const client = lab.client();
    expect(await lab.run(client.exists('a'))).toBe(false);
    expect(magics(lab)).toEqual(['1:LDBD', '2:LENS', '2:LENS']);
    expect(client.info().dialect).toBe('lens');
  });

  it("never waits longer for the probe than 'connectTimeoutMs' leaves", async () => {
    const lab = new Lab();
    lab.serve(silent);
    const error = await lab.failure(lab.client({ ...once, connectTimeoutMs: 500 }).get('a'));
    expect(error).toMatchObject({ code: 'NO_ANSWER', outcome: 'not-sent' });
    expect(lab.now).toBeLessThan(530);
  });

  it.each([
    ['says so', (answers: Behaviour) => answers],
    [
      'says nothing',
      (answers: Behaviour): Behaviour =>
        (peer) =>
        (received) => {
          if (text(received.subarray(0, 4)) === 'LDBD') (answers(peer) as (received: Uint8Array) => void)(received);
        },
    ],
  ])('learns again when the server behind the address speaks the other dialect and %s', async (_how, as) => {
    const lab = new Lab();
    const store = new Map([['a', bytes('1')]]);
    const first = lab.serve(lens(lensStore(store)));
    const client = lab.client({ attemptTimeoutMs: 1000 });
    expect(text(await lab.run(client.get('a')))).toBe('1');
    first.close();
    lab.serve(as(ldbd(store)));
    lab.peers[0]?.end();
    await lab.advance(10);
    // The first try goes out as lens; a read is repeated.
    expect(text(await lab.run(client.get('a')))).toBe('1');
    expect(client.info().dialect).toBe('ldbd');
    expect(magics(lab)).toEqual(['1:LDBD', '1:LENS', '2:LENS', '3:LDBD', '3:LDBD', '3:LDBD', '3:LDBD', '3:LDBD']);
  });

  it('does not repeat a write that was answered in the other dialect', async () => {
    const lab = new Lab();
    const first = lab.serve(lens());
    const client = lab.client();
    await lab.run(client.set('a', '1'));
    first.close();
    lab.serve(ldbd());
    lab.peers[0]?.end();
    await lab.advance(10);
    const error = await lab.failure(client.set('a', '2'));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ code: 'OTHER_DIALECT', outcome: 'unknown', attempts: 1, retryable: false });
    await lab.run(client.set('a', '3'));
  });
});

describe('an ldbd server that closes behind its first answer', () => {
  /** Serves one request per connection, for so many connections; then any number. */
  function closing(lab: Lab, times: number): Behaviour {
    const store = new Map([['a', bytes('1')]]);
    return (peer) => {
      const answers = ldbd(store)(peer) as (received: Uint8Array) => void;
      let answered = 0;
      return (received) => {
        answered += 1;
        if (peer.number > times || answered === 1) answers(received);
        if (peer.number <= times) lab.ports.clock.setTimer(() => peer.end(), 5);
      };
    };
  }

  it('always, is asked twice, and gets a connection for each request', async () => {
    const lab = new Lab();
    lab.serve(closing(lab, Infinity));
    const client = lab.client();
    expect(text(await lab.run(client.get('a')))).toBe('1');
    expect(client.info().ldbdReads).toBe('close');
    expect(lab.peers.length).toBe(3);
    // The server has not closed yet when the next request is made.
    await lab.run(client.set('b', '2'));
    expect(await lab.run(client.exists('b'))).toBe(true);
    expect(lab.peers.length).toBe(5);
    expect(lab.peers.map(({ received }) => received.length)).toEqual([2, 2, 1, 1, 1]);
  });

  it('once, by accident, is not taken for one that always does', async () => {
    const lab = new Lab();
    lab.serve(closing(lab, 1));
    const client = lab.client();
    expect(text(await lab.run(client.get('a')))).toBe('1');
    expect([client.info().ldbdReads, lab.peers.length]).toEqual(['fence', 2]);
  });
});

describe("the option 'dialect'", () => {
  it('lens: sends no probe; connect() has the server answer a PING', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const client = lab.client({ dialect: 'lens' });
    await lab.run(client.connect());
    expect(text(lab.writes[0]?.bytes)).toBe(`LENS\x01${'\0'.repeat(13)}`);
    await lab.run(client.connect());
    expect(lab.writes.length).toBe(1);
  });

  it('lens: connect() fails where nobody answers', async () => {
    const lab = new Lab();
    lab.serve(silent);
    const error = await lab.failure(lab.client({ dialect: 'lens', ...once }).connect());
    expect(error).toMatchObject({ code: 'NO_ANSWER', details: { phase: 'probe' } });
    expect([lab.net.openSockets, lab.writes.length]).toEqual([0, 1]);
  });

  it('ldbd: a server that speaks lens is an error that says what to set', async () => {
    const lab = new Lab();
    lab.serve(lens());
    const error = await lab.failure(lab.client({ dialect: 'ldbd' }).get('a'));
    expect(error).toMatchObject({ code: 'OTHER_DIALECT', retryable: false, attempts: 1 });
    expect((error as Error).message).toMatch(/set it to 'lens' or 'auto'/);
  });

  it('lens: a server that speaks ldbd is an error that says what to set', async () => {
    const lab = new Lab();
    lab.serve(ldbd());
    const error = await lab.failure(lab.client({ dialect: 'lens' }).get('a'));
    expect(error).toMatchObject({ code: 'OTHER_DIALECT', retryable: false, attempts: 1 });
    expect((error as Error).message).toMatch(/set it to 'ldbd' or 'auto'/);
  });

  it('ldbd: makes no second attempt as lens', async () => {
    const lab = new Lab();
    lab.serve(silent);
    await lab.failure(lab.client({ dialect: 'ldbd', ...once }).get('a'));
    expect(magics(lab)).toEqual(['1:LDBD']);
  });
});
