import { ArgumentError } from '../../errors/kinds.ts';

/**
 * `origin` as it is written, when it is one.
 *
 * @throws ArgumentError when there is more in it: a path, credentials, a slash at the end
 */
export function checkOrigin(origin: string): string {
  if (!isOrigin(origin)) {
    throw new ArgumentError('an HTTP origin is written scheme://host:port, with http or https and nothing behind');
  }
  return origin;
}

function isOrigin(text: string): boolean {
  try {
    const { origin, protocol } = new URL(text);
    // A port that is the scheme's own is left out of `origin`.
    const written = text.toLowerCase().replace(/:(80|443)$/, '');
    return /^https?:$/.test(protocol) && origin.replace(/:(80|443)$/, '') === written;
  } catch {
    return false;
  }
}
