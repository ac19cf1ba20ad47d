import { ClientError, type Outcome } from '../errors/client-error.ts';

/**
 * A value that was received cannot be read as what it was said to be. The value itself is not in the error: it is
 * the caller's data.
 */
export class CodecError<Code extends string = string> extends ClientError<Code> {
  static override readonly kind: string = 'codec';
  static override readonly defaults: { readonly code: string; readonly retryable: boolean; readonly outcome: Outcome } =
    {
      code: 'CODEC',
      retryable: false,
      outcome: 'rejected',
    };
}
