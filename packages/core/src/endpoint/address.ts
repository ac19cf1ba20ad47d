/** `host:port`, strictly. */

import type { ByteStream, SocketTarget } from '../endpoint.ts';
import { ArgumentError } from '../errors/kinds.ts';
import { checkOption, refuseTogether } from '../options.ts';

/** An address as it was written: the port may be left to a default. */
export interface HostPort {
  readonly host: string;
  readonly port: number | undefined;
}

const ipv4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;
const hostName = /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/;
const zone = /^[A-Za-z0-9_.~-]+$/;

/** Groups of 16 bits in one side of an IPv6 address; NaN when it is none. */
function groupsOf(side: string, mayEndInIpv4: boolean): number {
  if (side === '') return 0;
  const groups = side.split(':');
  const embedded = mayEndInIpv4 && ipv4.test(groups.at(-1) as string);
  const hex = embedded ? groups.slice(0, -1) : groups;
  if (!hex.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return Number.NaN;
  return hex.length + (embedded ? 2 : 0);
}

/** RFC 4291, section 2.2, with an optional zone (RFC 4007, section 11). */
function isIpv6(text: string): boolean {
  const [address = '', zoneId, ...more] = text.split('%');
  if (more.length > 0 || (zoneId !== undefined && !zone.test(zoneId))) return false;
  const sides = address.split('::');
  if (sides.length > 2) return false;
  const [left = '', right] = sides;
  if (right === undefined) return groupsOf(left, true) === 8;
  return groupsOf(left, false) + groupsOf(right, true) < 8;
}

function isHost(text: string): boolean {
  if (text.length > 253) return false;
  return /^[\d.]+$/.test(text) ? ipv4.test(text) : hostName.test(text);
}

/** What is wrong with an address. Never holds a part of it: what stands where a port belongs may be a password. */
export type AddressProblem = { readonly problem: string };

/** Splits and checks one address; `where` names it in the problem. */
export function splitAddress(text: string, where: string): HostPort | AddressProblem {
  if (text === '') return { problem: `${where} is empty` };
  if (text.includes('@')) return { problem: `${where} holds '@': credentials do not belong in an address` };
  const match = /^(?:\[([^[\]]*)\]|([^[\]:]*))(?::([^:]*))?$/.exec(text);
  if (!match) {
    return { problem: `${where} is not of the form host, host:port or [IPv6]:port (IPv6 stands in brackets)` };
  }
  const [, v6, name = '', portText] = match;
  if (v6 !== undefined && !isIpv6(v6)) return { problem: `${where} holds no IPv6 address between its brackets` };
  if (v6 === undefined && name === '') return { problem: `${where} has no host` };
  if (v6 === undefined && !isHost(name)) return { problem: `${where} has a host that is no name and no IP address` };
  if (portText === undefined) return { host: v6 ?? name, port: undefined };
  const port = /^[1-9]\d{0,4}$/.test(portText) ? Number(portText) : 0;
  if (port < 1 || port > 65_535) return { problem: `${where} has a port that is not an integer from 1 to 65535` };
  return { host: v6 ?? name, port };
}

/**
 * Reads `host`, `host:port` or `[IPv6]:port`.
 *
 * @throws ArgumentError that says what is wrong, without a part of the text.
 */
export function parseAddress(text: string, defaultPort: number, system?: string): { host: string; port: number } {
  const parts =
    typeof text === 'string' ? splitAddress(text, 'the address') : { problem: 'the address is not a string' };
  if ('problem' in parts)
    throw new ArgumentError(`${parts.problem}; expected for instance localhost:${defaultPort}`, { system });
  return { host: parts.host, port: parts.port ?? defaultPort };
}

/** The ways to say where to, as options; they exclude each other. */
export interface AddressOptions {
  /** Name or IP address; IPv6 with or without brackets. */
  readonly host?: string | undefined;
  /** 1 to 65535; goes with `host`. */
  readonly port?: number | undefined;
  /** Several doors to one store, as `host:port`; tried in this order. */
  readonly addresses?: readonly string[] | undefined;
  /** A unix domain socket. */
  readonly path?: string | undefined;
  /** Brings a byte stream that is open already. */
  readonly socket?: (() => ByteStream | Promise<ByteStream>) | undefined;
}

export interface AddressSpec {
  /** Whose options they are, for messages: `LensDBClient`. */
  readonly owner: string;
  readonly system: string;
  readonly defaultPort: number;
  /** Default `127.0.0.1`. */
  readonly defaultHost?: string;
}

function targetOfHost(options: AddressOptions, { owner, system, defaultPort, defaultHost }: AddressSpec): SocketTarget {
  const { host = defaultHost ?? '127.0.0.1', port = defaultPort } = options;
  checkOption(owner, 'host', host, { kind: 'string' }, system);
  checkOption(owner, 'port', port, { kind: 'integer', min: 1, max: 65_535 }, system);
  const parts = splitAddress(isIpv6(host) ? `[${host}]` : host, "'host'");
  if ('problem' in parts)
    throw new ArgumentError(`${owner}: ${parts.problem}`, { system, details: { option: 'host' } });
  if (parts.port !== undefined) {
    throw new ArgumentError(`${owner}: 'host' holds a port; put it into 'port', or use 'addresses'`, {
      system,
      details: { option: 'host' },
    });
  }
  return { host: parts.host, port };
}

function targetsOfList(addresses: readonly string[], { owner, system, defaultPort }: AddressSpec): SocketTarget[] {
  const isList = (value: unknown): boolean => Array.isArray(value) && value.length > 0;
  checkOption(
    owner,
    'addresses',
    addresses,
    { kind: 'custom', expected: 'a non-empty list of host:port', accepts: isList },
    system,
  );
  return addresses.map((address, index) => {
    const where = `address ${index + 1} of ${addresses.length}`;
    const parts = typeof address === 'string' ? splitAddress(address, where) : { problem: `${where} is not a string` };
    if ('problem' in parts) {
      throw new ArgumentError(`${owner}: ${parts.problem}`, { system, details: { option: 'addresses' } });
    }
    return { host: parts.host, port: parts.port ?? defaultPort };
  });
}

/**
 * Where the options of a client point to; the default host and port when they say nothing.
 *
 * @throws ArgumentError for a malformed address, and for two ways to say one thing.
 */
export function resolveTargets(options: AddressOptions, spec: AddressSpec): SocketTarget[] {
  const { owner, system } = spec;
  const { addresses, path, socket } = options;
  refuseTogether(owner, options, ['host', 'addresses', 'path', 'socket'], system);
  refuseTogether(owner, options, ['port', 'addresses', 'path', 'socket'], system);
  if (addresses !== undefined) return targetsOfList(addresses, spec);
  if (path !== undefined) {
    checkOption(owner, 'path', path, { kind: 'string' }, system);
    return [{ path }];
  }
  if (socket !== undefined) {
    checkOption(owner, 'socket', socket, { kind: 'function' }, system);
    return [{ socket }];
  }
  return [targetOfHost(options, spec)];
}
