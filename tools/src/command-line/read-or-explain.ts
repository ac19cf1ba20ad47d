/** Reads arguments; of wrong ones, says what is wrong and what there is, and gives undefined. */
export function readOrExplain<Options>(
  args: readonly string[],
  read: (args: readonly string[]) => Options,
  usage: string,
  say: (line: string) => void,
): Options | undefined {
  try {
    return read(args);
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return undefined;
  }
}
