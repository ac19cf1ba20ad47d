import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/index.ts';
import { Queue, queueSubscriber, Subscriptions } from '../../src/kit/index.ts';

type Registry = Subscriptions<string, string, string>;

function lost(outcome: 'unknown' | 'rejected'): Failure {
  return new Failure({ kind: 'connection', message: 'lost', outcome, retryable: true });
}

/** A subscriber that writes down what it is told. */
function scribe(log: string[], name: string): Parameters<Registry['add']>[2] {
  return {
    push: (item) => void log.push(`${name} ${item}`),
    onSubscribed: () => void log.push(`${name} subscribed`),
    onResubscribed: (epoch) => void log.push(`${name} again in ${epoch}`),
    onEnd: (failure) => void log.push(`${name} ended${failure ? ` ${failure.message}` : ''}`),
  };
}

interface Question {
  readonly topic: string;
  /** A failure refuses; nothing confirms. */
  readonly answer: (refused?: Failure) => void;
}

/** A server in the hands of a test. */
function createServer(): { readonly asked: Question[]; readonly ask: (topic: string) => Promise<Failure | undefined> } {
  const asked: Question[] = [];
  return { asked, ask: (topic) => new Promise((answer) => asked.push({ topic, answer })) };
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 10; i += 1) await null;
};

describe('Subscriptions', () => {
  it('makes what nobody has asked for yet, and tells the first time from later ones', async () => {
    const registry: Registry = new Subscriptions();
    const log: string[] = [];
    registry.add('a', 'topic a', scribe(log, 'a'), 0);
    await registry.resubscribe(1, async (topic) => void log.push(`ask ${topic}`));
    registry.deliver('a', 'item', 1, 1);
    await registry.resubscribe(2, async (topic) => void log.push(`ask ${topic}`));
    expect(log).toEqual(['ask topic a', 'a subscribed', 'a item', 'ask topic a', 'a again in 2']);
  });

  it('leaves alone what its caller has asked for on this connection', async () => {
    const registry: Registry = new Subscriptions();
    const log: string[] = [];
    registry.add('a', 'topic a', scribe(log, 'a'), 1);
    await registry.resubscribe(1, async () => void log.push('asked'));
    expect(log).toEqual([]);
    registry.deliver('a', 'item', 1, 1);
    expect(log).toEqual(['a item']);
  });

  it('says that the connection is new before its first push, which may come before the confirmation', async () => {
    const registry: Registry = new Subscriptions();
    const log: string[] = [];
    const { asked, ask } = createServer();
    registry.add('a', 'a', scribe(log, 'a'), 1);
    const making = registry.resubscribe(2, ask);
    expect(registry.deliver('a', 'late, of the old connection', 1, 1)).toBe(false);
    expect(registry.deliver('a', 'early', 1, 2)).toBe(true);
    asked[0]?.answer();
    await making;
    expect(log).toEqual(['a again in 2', 'a early']);
  });

  it('makes also what was matched by a push of another subscription before its turn', async () => {
    const registry: Registry = new Subscriptions();
    const log: string[] = [];
    const { asked, ask } = createServer();
    registry.add('a', 'a', scribe(log, 'a'), 1);
    registry.add('b', 'b', scribe(log, 'b'), 1);
    const making = registry.resubscribe(2, ask);
    registry.deliver('b', 'item', 1, 2);
    asked[0]?.answer();
    await settle();
    expect(asked.map(({ topic }) => topic)).toEqual(['a', 'b']);
    asked[1]?.answer();
    await making;
    expect(log).toEqual(['b again in 2', 'b item', 'a again in 2']);
  });

  it('makes what is added meanwhile, once, however often it is told to', async () => {
    const registry: Registry = new Subscriptions();
    const log: string[] = [];
    const { asked, ask } = createServer();
    registry.add('a', 'a', scribe(log, 'a'), 0);
    const making = registry.resubscribe(1, ask);
    registry.add('b', 'b', scribe(log, 'b'), 0);
    const alsoMaking = registry.resubscribe(1, ask);
    expect(asked.map(({ topic }) => topic)).toEqual(['a', 'b']);
    registry.add('c', 'c', scribe(log, 'c'), 0);
    for (const { answer } of asked) answer();
    await settle();
    expect(asked.map(({ topic }) => topic)).toEqual(['a', 'b', 'c']);
    asked[2]?.answer();
    expect(await Promise.all([making, alsoMaking])).toEqual([undefined, undefined]);
    expect(log).toEqual(['a subscribed', 'b subscribed', 'c subscribed']);
  });

  it('asks several at once, no more than it is told', async () => {
    const registry: Registry = new Subscriptions();
    const { asked, ask } = createServer();
    for (let i = 0; i < 10; i += 1) registry.add(`${i}`, `${i}`, scribe([], `${i}`), 0);
    const making = registry.resubscribe(1, ask, 3);
    expect(asked).toHaveLength(3);
    asked[1]?.answer();
    await settle();
    expect(asked).toHaveLength(4);
    for (let i = 0; i < 10; i += 1) {
      asked[i]?.answer();
      await settle();
    }
    await making;
    expect(asked.map(({ topic }) => topic).join('')).toBe('0123456789');
  });

  it('ends one that is refused; gives back the failure of the connection, and asks again on the next', async () => {
    const registry: Registry = new Subscriptions();
    const log: string[] = [];
    registry.add('a', 'a', scribe(log, 'a'), 1);
    registry.add('b', 'b', scribe(log, 'b'), 1);
    registry.add('c', 'c', scribe(log, 'c'), 1);
    const failure = lost('unknown');
    const answers: Record<string, Failure> = { a: lost('rejected'), b: failure };
    expect(await registry.resubscribe(2, async (topic) => answers[topic] ?? expect.fail(topic))).toBe(failure);
    expect(log).toEqual(['a ended lost']);
    const asked: string[] = [];
    // Whether on this connection or, as is usual, on the next.
    expect(await registry.resubscribe(2, async (topic) => (asked.push(topic), failure))).toBe(failure);
    expect(asked.splice(0)).toEqual(['b']);
    await registry.resubscribe(3, async (topic) => void asked.push(topic));
    expect(asked).toEqual(['b', 'c']);
    expect(log.slice(1)).toEqual(['b again in 3', 'c again in 3']);
  });

  it('takes no notice of what an overtaken connection answers', async () => {
    const registry: Registry = new Subscriptions();
    const log: string[] = [];
    const { asked, ask } = createServer();
    registry.add('a', 'a', scribe(log, 'a'), 1);
    const old = registry.resubscribe(2, ask);
    const current = registry.resubscribe(3, ask);
    asked[0]?.answer(lost('rejected'));
    expect(await old).toBe(undefined);
    asked[1]?.answer();
    await current;
    expect(log).toEqual(['a again in 3']);
  });

  it('forgets one that is removed while it is asked for, and asks for it anew when it is wanted again', async () => {
    const registry: Registry = new Subscriptions();
    const log: string[] = [];
    const { asked, ask } = createServer();
    const [first, second] = [scribe(log, 'first'), scribe(log, 'second')];
    registry.add('a', 'a', first, 1);
    const making = registry.resubscribe(2, ask);
    expect(registry.remove('a', first)).toBe(true);
    expect([registry.has('a'), registry.size]).toEqual([false, 0]);
    expect(registry.add('a', 'a', second, 0)).toBe(true);
    asked[0]?.answer();
    await settle();
    expect(asked).toHaveLength(2);
    asked[1]?.answer();
    await making;
    expect(log).toEqual(['second subscribed']);
  });

  describe('with several subscribers of one key', () => {
    it('asks the server once, gives each of them each item, and lets go with the last', async () => {
      const registry: Registry = new Subscriptions();
      const log: string[] = [];
      const [a, b] = [scribe(log, 'a'), scribe(log, 'b')];
      expect(registry.add('key', 'topic', a, 0)).toBe(true);
      // Whoever joins has it asked for, too; who has been asked is not asked again.
      expect(registry.add('key', 'topic', b, 0)).toBe(true);
      await registry.resubscribe(1, async (topic) => void log.push(`ask ${topic}`));
      registry.deliver('key', 'one', 3, 1);
      expect(registry.remove('key', a)).toBe(false);
      registry.deliver('key', 'two', 3, 1);
      expect([registry.remove('key', b), registry.remove('key', b), registry.size]).toEqual([true, false, 0]);
      expect(registry.deliver('key', 'three', 5, 1)).toBe(false);
      expect(log).toEqual(['ask topic', 'a subscribed', 'b subscribed', 'a one', 'b one', 'b two']);
    });

    it('tells one that joins later that the subscription is there, and of later connections only', async () => {
      const registry: Registry = new Subscriptions();
      const log: string[] = [];
      registry.add('key', 'key', scribe(log, 'a'), 0);
      await registry.resubscribe(1, async () => undefined);
      await registry.resubscribe(2, async () => undefined);
      registry.add('key', 'key', scribe(log, 'b'), 0);
      expect(log).toEqual(['a subscribed', 'a again in 2', 'b subscribed']);
      registry.deliver('key', 'one', 3, 2);
      await registry.resubscribe(3, async () => undefined);
      registry.deliver('key', 'two', 3, 3);
      expect(log.slice(3)).toEqual(['a one', 'b one', 'a again in 3', 'b again in 3', 'a two', 'b two']);
    });

    it('tells one that joins between two connections that something may be missing since', async () => {
      const registry: Registry = new Subscriptions();
      const log: string[] = [];
      const { asked, ask } = createServer();
      registry.add('key', 'key', scribe(log, 'a'), 0);
      await registry.resubscribe(1, async () => undefined);
      expect(registry.add('key', 'key', scribe(log, 'b'), 0)).toBe(false);
      const making = registry.resubscribe(2, ask);
      registry.add('key', 'key', scribe(log, 'c'), 0);
      registry.deliver('key', 'early', 5, 2);
      asked[0]?.answer();
      await making;
      expect(log.splice(0, 3)).toEqual(['a subscribed', 'b subscribed', 'c subscribed']);
      expect(log).toEqual(['a again in 2', 'a early', 'b again in 2', 'b early', 'c again in 2', 'c early']);
    });

    it('leaves nobody to a question of another, who may give up', async () => {
      const registry: Registry = new Subscriptions();
      const log: string[] = [];
      const first = scribe(log, 'first');
      expect(registry.add('key', 'key', first, 1)).toBe(true);
      // By its own question, and by `resubscribe`.
      expect(registry.add('key', 'key', scribe(log, 'a'), 1)).toBe(true);
      expect(registry.add('key', 'key', scribe(log, 'b'), 0)).toBe(true);
      registry.remove('key', first);
      await registry.resubscribe(1, async (topic) => void log.push(`ask ${topic}`));
      expect(log).toEqual(['ask key', 'b subscribed']);
    });

    it('ends all of them when the server refuses, and at the end', async () => {
      const registry: Registry = new Subscriptions();
      const log: string[] = [];
      for (const name of ['a', 'b']) registry.add('key', 'key', scribe(log, name), 0);
      expect(await registry.resubscribe(1, async () => lost('rejected'))).toBe(undefined);
      expect([log.splice(0), registry.size]).toEqual([['a ended lost', 'b ended lost'], 0]);
      for (const name of ['a', 'b']) registry.add('key', 'key', scribe(log, name), 0);
      registry.destroy(lost('unknown'));
      expect([log, registry.size]).toEqual([['a ended lost', 'b ended lost'], 0]);
    });

    it('lets them come and go while they are told something', async () => {
      const registry: Registry = new Subscriptions();
      const log: string[] = [];
      const taken = scribe(log, 'taken');
      const leave = (): void => {
        registry.remove('key', leaving);
        registry.remove('key', taken);
      };
      const leaving = { ...scribe(log, 'a'), push: leave };
      const late = scribe(log, 'late');
      registry.add('key', 'key', leaving, 0);
      registry.add('key', 'key', taken, 0);
      registry.add('key', 'key', { ...scribe(log, 'b'), push: () => void registry.add('key', 'key', late, 0) }, 0);
      await registry.resubscribe(1, async () => undefined);
      log.length = 0;
      registry.deliver('key', 'one', 3, 1);
      expect(log).toEqual(['late subscribed']);
      registry.deliver('key', 'two', 3, 1);
      expect(log.slice(1)).toEqual(['late subscribed', 'late two']);
    });
  });

  it('ends all of them, though one throws, which is thrown afterwards', () => {
    const registry: Registry = new Subscriptions();
    const log: string[] = [];
    const fail = (): never => {
      throw new Error('on purpose');
    };
    registry.add('a', 'a', { ...scribe(log, 'a'), onEnd: fail }, 0);
    for (const key of ['a', 'b']) registry.add(key, key, scribe(log, key), 0);
    expect(() => registry.destroy(lost('unknown'))).toThrow('on purpose');
    expect([log, registry.size]).toEqual([['a ended lost', 'b ended lost'], 0]);
  });

  it('records what was confirmed while another question has failed', async () => {
    const registry: Registry = new Subscriptions();
    const log: string[] = [];
    const { asked, ask } = createServer();
    for (const key of ['a', 'b']) registry.add(key, key, scribe(log, key), 0);
    const making = registry.resubscribe(1, ask, 2);
    asked[0]?.answer(lost('unknown'));
    await settle();
    asked[1]?.answer();
    expect(await making).toMatchObject({ message: 'lost' });
    expect(log).toEqual(['b subscribed']);
  });

  it('fills a queue, with a notice where something may be missing, until the end', async () => {
    const registry: Registry = new Subscriptions();
    const queue = new Queue<string>({ maxItems: 10, maxBytes: 100, whenFull: 'drop-oldest' });
    registry.add('a', 'a', queueSubscriber(queue), 0);
    await registry.resubscribe(1, async () => undefined);
    registry.deliver('a', 'one', 3, 1);
    await registry.resubscribe(2, async () => undefined);
    registry.deliver('a', 'two', 3, 2);
    registry.destroy(new Failure({ kind: 'closed', message: 'closed', outcome: 'not-sent', retryable: false }));
    const seen: unknown[] = [];
    for await (const entry of queue) seen.push(entry);
    expect(seen).toEqual(['one', { notice: 'reconnected', epoch: 2 }, 'two']);
  });
});
