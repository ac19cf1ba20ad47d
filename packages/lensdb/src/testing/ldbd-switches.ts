/** How the testing server of the dialect `ldbd` can be made to behave. */

import { commonDefaults, type CommonSwitches } from './switches.ts';

export interface LdbdSwitches extends CommonSwitches {
  /** Data of the answers to SET, SETEX, DELETE and CLEAR. */
  readonly acknowledgement: 'OK' | 'none';
  /** Data of the answer to PING. */
  readonly pingText: string;
  /** One request per connection. */
  readonly closeAfterAnswer: boolean;
  /** What the end of the client's stream does: a server may close then, or take no notice. */
  readonly onHalfClose: 'close' | 'ignore';
  /** What answers bytes that are no `ldbd` request: status 3, the end of the stream, or nothing. */
  readonly onUnknownMagic: 'error' | 'close' | 'silence';
}

/** Where the document says nothing: what is likeliest. */
export const documented: LdbdSwitches = Object.freeze({
  ...commonDefaults,
  acknowledgement: 'OK',
  pingText: 'PONG',
  closeAfterAnswer: false,
  onHalfClose: 'close',
  onUnknownMagic: 'error',
});
