/** A signal that counts its listeners: whoever waits with it must leave none behind. */
export function countedSignal(controller: AbortController): { signal: AbortSignal; listeners: () => number } {
  const { signal } = controller;
  let count = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = function add(this: AbortSignal, ...args: unknown[]): void {
    count += 1;
    Reflect.apply(addEventListener, this, args);
  };
  signal.removeEventListener = function remove(this: AbortSignal, ...args: unknown[]): void {
    count -= 1;
    Reflect.apply(removeEventListener, this, args);
  };
  return { signal, listeners: () => count };
}
