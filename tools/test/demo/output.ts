import type { Output } from '../../src/demo/screen.ts';

/** Collects what is written; a terminal if asked to be one. */
export class FakeOutput implements Output {
  readonly isTTY: boolean;
  readonly columns: number;
  text = '';

  constructor(options: { readonly isTTY?: boolean; readonly columns?: number } = {}) {
    this.isTTY = options.isTTY ?? false;
    this.columns = options.columns ?? 80;
  }

  write(text: string): void {
    this.text += text;
  }

  get lines(): string[] {
    return this.text.split('\n');
  }
}
