/** Does the same to each, whatever one of them throws; the first that was thrown is thrown when all are done. */
export function forAll<Item>(items: Iterable<Item>, action: (item: Item) => void): void {
  const mistakes: unknown[] = [];
  for (const item of items) {
    try {
      action(item);
    } catch (error) {
      mistakes.push(error);
    }
  }
  if (mistakes.length > 0) throw mistakes[0];
}
