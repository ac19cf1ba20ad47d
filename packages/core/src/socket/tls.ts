/** What a TLS connection may be told; the fields are those of Node's `tls.connect` under the same names. */
export interface TlsOptions {
  /** Name for SNI and certificate check. Default: the host that is dialled. */
  readonly servername?: string;
  /** Trusted authorities (PEM). Default: those of the runtime. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** Client certificate and key (PEM), for servers that ask for one. */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  readonly passphrase?: string;
  /** False accepts any certificate. Default true. */
  readonly rejectUnauthorized?: boolean;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly ALPNProtocols?: readonly string[];
}
