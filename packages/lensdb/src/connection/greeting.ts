/**
 * What is exchanged on a connection before its first request, as a state machine without a socket: which dialect the
 * server speaks (section 5), and how `ldbd` reads end (section 3.7).
 */

import { Failure } from '@wirewright/core';
import { Detector, type DetectStep, probes } from '../protocol/detect.ts';
import type { Dialect } from '../protocol/dialect.ts';
import { LdbdLearner, type LearnStep } from '../protocol/ldbd/learner.ts';
import type { LdbdReads } from '../protocol/ldbd/step.ts';

/** What was learned about the server. */
export type Greeted = { readonly dialect: 'lens' } | { readonly dialect: 'ldbd'; readonly reads: LdbdReads };

export interface GreetingOptions {
  /** The dialect of the PING that is sent. */
  readonly probe: Dialect;
  /** The dialect that the user says the server speaks, if they do. */
  readonly given: Dialect | undefined;
  readonly endpoint: string;
  /** A key that no one uses. */
  readonly randomKey: string;
  readonly send: (bytes: Uint8Array) => void;
}

export class Greeting {
  readonly #options: GreetingOptions;
  readonly #detector: Detector;
  #learner: LdbdLearner | undefined;

  constructor(options: GreetingOptions) {
    this.#options = options;
    this.#detector = new Detector(options.probe);
  }

  start(): void {
    this.#options.send(probes[this.#options.probe]);
  }

  /** What was learned, or what is wrong with the peer; undefined while more has to come. */
  onData(bytes: Uint8Array, length: number): Greeted | Failure | undefined {
    return this.#learner
      ? this.#learn(this.#learner.feed(bytes, 0, length))
      : this.#detect(this.#detector.feed(bytes, 0, length));
  }

  /** The peer has finished sending, or is gone: that, too, tells how `ldbd` reads end. */
  onEnd(): Greeted | Failure | undefined {
    return this.#learner ? this.#learn(this.#learner.eof()) : undefined;
  }

  #detect(step: DetectStep): Greeted | Failure | undefined {
    const { given, randomKey } = this.#options;
    switch (step.kind) {
      case 'more':
        return undefined;
      case 'not-lensdb':
        return this.#notLensDB(step.message, step.excerpt, step.http);
      case 'ask-ldbd':
        return this.#unanswered();
      case 'lens':
        return given === 'ldbd' ? this.#otherDialect('lens') : { dialect: 'lens' };
      case 'ldbd':
        this.#learner = new LdbdLearner(randomKey);
        return this.#learn(this.#learner.feed(step.received));
    }
  }

  #learn(step: LearnStep): Greeted | Failure | undefined {
    switch (step.kind) {
      case 'more':
      case 'lost':
        return undefined;
      case 'send':
        this.#options.send(step.bytes);
        return undefined;
      case 'learned':
        return { dialect: 'ldbd', reads: step.reads };
      case 'violation':
        return this.#failure('PROTOCOL', `the peer broke the protocol: ${step.message}`, {}, true);
    }
  }

  #notLensDB(message: string, excerpt: string, http: boolean): Failure {
    const hint = http ? 'an HTTP server listens there; is the port right?' : 'is the address right?';
    const text = `the peer at ${this.#options.endpoint} is no LensDB server: ${message} (its first bytes: ${excerpt}); ${hint}`;
    return this.#failure('NOT_LENSDB', text, { http }, false);
  }

  /** It was asked as `lens` only because it had not answered as what it is. */
  #unanswered(): Failure {
    const text = "the server speaks the dialect 'ldbd', but did not answer its PING on the connection before";
    return this.#failure('OTHER_DIALECT', text, { dialect: 'ldbd' }, true);
  }

  #otherDialect(met: Dialect): Failure {
    const text = `the server speaks the dialect '${met}', the option 'dialect' says '${this.#options.given}'; set it to '${met}' or 'auto'`;
    return this.#failure('OTHER_DIALECT', text, { dialect: met }, false);
  }

  #failure(code: string, message: string, details: Record<string, unknown>, retryable: boolean): Failure {
    const { endpoint } = this.#options;
    return new Failure({
      kind: 'protocol',
      code,
      message,
      outcome: 'not-sent',
      retryable,
      endpoint,
      details: { ...details, phase: 'probe' },
    });
  }
}
