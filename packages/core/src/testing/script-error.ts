/** A script did not go as it was written. */
export class ScriptError extends Error {
  override readonly name: string = 'ScriptError';
}
