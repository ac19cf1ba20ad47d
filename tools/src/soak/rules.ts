/** Rules that must hold all the time: how often each was looked at, and what broke it. */

/** Different violations that are told of a rule; the rest is counted. */
const told = 5;

export interface RuleReport {
  readonly rule: string;
  readonly checked: number;
  readonly violations: number;
  /** Some of them, each different. */
  readonly examples: readonly string[];
}

export class Rule {
  readonly #text: string;
  readonly #examples: string[] = [];
  #checked = 0;
  #violations = 0;

  /** @param text what must hold, as a sentence for people */
  constructor(text: string) {
    this.#text = text;
  }

  get violations(): number {
    return this.#violations;
  }

  /** Looks at one occasion. @param violation says what is wrong, where something is */
  check(holds: boolean, violation: () => string): void {
    this.#checked += 1;
    if (!holds) this.#break(violation());
  }

  /** @param problem what is wrong; undefined when nothing is */
  note(problem: string | undefined): void {
    this.#checked += 1;
    if (problem !== undefined) this.#break(problem);
  }

  report(): RuleReport {
    return { rule: this.#text, checked: this.#checked, violations: this.#violations, examples: [...this.#examples] };
  }

  #break(violation: string): void {
    this.#violations += 1;
    if (this.#examples.length < told && !this.#examples.includes(violation)) this.#examples.push(violation);
  }
}
