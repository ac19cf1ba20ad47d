import { Floor, type FloorOptions } from './floor.ts';

/** The floor of a pool: as many sockets, each with one request in flight; who finds none free waits in line. */
export class FloorPool {
  readonly #all: readonly Floor[];
  readonly #free: Floor[];
  readonly #line: ((floor: Floor) => void)[] = [];

  static async connect(size: number, options: FloorOptions): Promise<FloorPool> {
    return new FloorPool(await Promise.all(Array.from({ length: size }, () => Floor.connect(options))));
  }

  private constructor(floors: readonly Floor[]) {
    this.#all = floors;
    this.#free = [...floors];
  }

  readonly call = async (): Promise<Uint8Array> => {
    const floor = this.#free.pop() ?? (await new Promise<Floor>((resolve) => this.#line.push(resolve)));
    const answer = await floor.call();
    const next = this.#line.shift();
    if (next) next(floor);
    else this.#free.push(floor);
    return answer;
  };

  readonly close = (): void => {
    for (const floor of this.#all) floor.close();
  };
}
