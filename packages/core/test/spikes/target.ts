import { parseAddress } from '@wirewright/core';

/** Where a URL of an environment variable leads: `synap://host:port`, or `host:port`. */
export function targetOf(url: string, defaultPort: number): { readonly host: string; readonly port: number } {
  return parseAddress(url.replace(/^[a-z]+:\/\//, '').replace(/\/$/, ''), defaultPort);
}
