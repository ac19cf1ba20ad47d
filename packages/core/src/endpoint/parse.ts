/** URLs that name a server, strictly: what is not understood is an error, and no error shows credentials. */

import type { SocketTarget } from '../endpoint.ts';
import { ArgumentError } from '../errors/kinds.ts';
import { nearestName } from '../nearest.ts';
import { type HostPort, splitAddress } from './address.ts';
import { type ParameterSpecs, type ParameterValues, parseParameters, percentDecode } from './parameters.ts';

export interface SchemeSpec {
  readonly defaultPort: number;
  /** The scheme stands for a connection with TLS. Default false. */
  readonly tls?: boolean;
}

export interface EndpointSpec<P extends ParameterSpecs = ParameterSpecs> {
  readonly system: string;
  /** By scheme, in lower case and without `://`. */
  readonly schemes: Readonly<Record<string, SchemeSpec>>;
  /** What may follow the `?`. Default: nothing. */
  readonly parameters?: P;
  /** Whether `user:password@` is accepted. Default false. */
  readonly credentials?: boolean;
  /** What may follow the address: nothing but a slash, or one path segment that names a database. Default `none`. */
  readonly path?: 'none' | 'database';
  /** Whether `host1:1,host2:2` is accepted. Default true. */
  readonly lists?: boolean;
  /** Whether `scheme+unix:///path/of/socket` is accepted. Default true where there is no database. */
  readonly unix?: boolean;
  /** What a parameter that is given twice does: `refuse` (default) or `last`. */
  readonly repeated?: 'refuse' | 'last';
}

/** Safe to log: the password and secret parameters are not enumerable. */
export interface ParsedEndpoint<P extends ParameterSpecs = ParameterSpecs> {
  /** Lower case, without `+unix`. */
  readonly scheme: string;
  readonly tls: boolean;
  /** Where to, in the order given, default ports filled in. */
  readonly targets: readonly SocketTarget[];
  /** The same as written; empty for a unix path. */
  readonly hosts: readonly HostPort[];
  readonly username: string | undefined;
  /** Not enumerable. */
  readonly password: string | undefined;
  readonly database: string | undefined;
  readonly parameters: ParameterValues<P>;
}

type NoParameters = Readonly<Record<string, never>>;

type Refuse = (problem: string) => never;

/** The parts of a URL, not decoded yet. */
interface Parts {
  readonly authority: string;
  readonly path: string;
  readonly query: string | undefined;
}

function describeForm(spec: EndpointSpec): string {
  const [scheme = ''] = Object.keys(spec.schemes);
  const userinfo = spec.credentials ? '[user:password@]' : '';
  const list = spec.lists === false ? '' : '[,host[:port]…]';
  const query = spec.parameters ? '[?parameter=value&…]' : '';
  return `${scheme}://${userinfo}host[:port]${list}${spec.path === 'database' ? '[/database]' : ''}${query}`;
}

function acceptsUnix(spec: EndpointSpec): boolean {
  return spec.unix ?? spec.path !== 'database';
}

function splitScheme(
  text: string,
  spec: EndpointSpec,
  refuse: Refuse,
): { scheme: string; unix: boolean; rest: string } {
  const match = /^([A-Za-z][A-Za-z0-9+.-]{0,31}):\/\//.exec(text);
  if (!match) return refuse('it does not begin with a scheme and ://');
  const written = (match[1] as string).toLowerCase();
  const unix = acceptsUnix(spec) && written.endsWith('+unix');
  const scheme = unix ? written.slice(0, -'+unix'.length) : written;
  if (!Object.hasOwn(spec.schemes, scheme)) {
    const known = Object.keys(spec.schemes);
    const nearest = nearestName(scheme, known);
    const help = nearest === undefined ? `known are ${known.join(', ')}` : `did you mean '${nearest}'?`;
    refuse(`unknown scheme '${written}'; ${help}`);
  }
  return { scheme, unix, rest: text.slice(match[0].length) };
}

function splitRest(rest: string, refuse: Refuse): Parts {
  const end = rest.search(/[/?#]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  const tail = end < 0 ? '' : rest.slice(end);
  const question = tail.indexOf('?');
  const path = question < 0 ? tail : tail.slice(0, question);
  // Most likely a password with one of these in it; going on would show its parts, or send them to a wrong host.
  if (path.includes('@') || (tail.includes('@') && !authority.includes('@'))) {
    refuse(
      "an '@' follows the first '/', '?' or '#'; in user name and password write these as %2F, %3F, %23 and @ as %40",
    );
  }
  if (tail.includes('#')) refuse("it holds a fragment ('#'), which has no meaning here; write # as %23");
  return { authority, path, query: question < 0 ? undefined : tail.slice(question + 1) };
}

function splitAuthority(
  authority: string,
  spec: EndpointSpec,
  refuse: Refuse,
): { username: string | undefined; password: string | undefined; hosts: string } {
  const at = authority.lastIndexOf('@');
  if (at < 0) return { username: undefined, password: undefined, hosts: authority };
  if (!spec.credentials) refuse('credentials are not accepted in it');
  const userinfo = authority.slice(0, at);
  const colon = userinfo.indexOf(':');
  const username = percentDecode(colon < 0 ? userinfo : userinfo.slice(0, colon));
  const password = colon < 0 ? undefined : percentDecode(userinfo.slice(colon + 1));
  if (username === undefined || (colon >= 0 && password === undefined)) {
    refuse('user name or password hold a malformed % escape; write % as %25');
  }
  return { username, password, hosts: authority.slice(at + 1) };
}

function splitHosts(text: string, spec: EndpointSpec, refuse: Refuse): HostPort[] {
  const addresses = text.split(',');
  if (addresses.length > 1 && spec.lists === false) refuse('it names more than one host');
  return addresses.map((address, index) => {
    const where = addresses.length === 1 ? 'the address' : `address ${index + 1} of ${addresses.length}`;
    const parts = splitAddress(address.replace(/%25(?=[^\]]*\])/, '%'), where);
    return 'problem' in parts ? refuse(parts.problem) : parts;
  });
}

function databaseOf(path: string, spec: EndpointSpec, refuse: Refuse): string | undefined {
  if (path === '' || path === '/') return undefined;
  if (spec.path !== 'database') refuse('a path after the address has no meaning here');
  if (path.indexOf('/', 1) > 0) refuse('it has more than one path segment; write / in a database name as %2F');
  const database = percentDecode(path.slice(1));
  return database ?? refuse('the database name holds a malformed % escape; write % as %25');
}

function unixPathOf(hosts: string, path: string, refuse: Refuse): string {
  if (hosts !== '') refuse('a unix URL has no host: three slashes, then the path');
  if (path === '' || path === '/') refuse('the path of the unix socket is missing');
  const decoded = percentDecode(path);
  if (decoded === undefined) return refuse('the path holds a malformed % escape; write % as %25');
  return decoded.includes('\0') ? refuse('the path holds a zero byte') : decoded;
}

/**
 * Reads a URL such as `scheme://user:password@host1:1,host2:2/database?parameter=value`, or
 * `scheme+unix:///path/of/socket?parameter=value`.
 *
 * User name, password, database, path and parameters are percent-decoded as UTF-8; a plus is a plus. User information
 * ends at the last `@` before the first `/`, `?` or `#`; the password begins after its first `:`.
 *
 * @throws ArgumentError that names what is wrong and the accepted form. It never holds the URL, a user name, a
 * password, a host, or a parameter's value.
 */
export function parseEndpoint<const P extends ParameterSpecs = NoParameters>(
  text: string,
  spec: EndpointSpec<P>,
): ParsedEndpoint<P> {
  const refuse = (problem: string): never => {
    throw new ArgumentError(`not an acceptable ${spec.system} URL: ${problem} (expected ${describeForm(spec)})`, {
      system: spec.system,
    });
  };
  if (typeof text !== 'string') return refuse('it is not a string');
  if (/[\s\p{Cc}]/u.test(text)) refuse('it holds white space or control characters; write a space as %20');
  const { scheme, unix, rest } = splitScheme(text, spec, refuse);
  const { authority, path, query } = splitRest(rest, refuse);
  const { username, password, hosts: hostsText } = splitAuthority(authority, spec, refuse);
  const hosts = unix ? [] : splitHosts(hostsText, spec, refuse);
  const unixPath = unix ? unixPathOf(hostsText, path, refuse) : undefined;
  const { defaultPort, tls = false } = spec.schemes[scheme] as SchemeSpec;
  const targets = hosts.map(({ host, port }): SocketTarget => ({ host, port: port ?? defaultPort }));
  const syntax = { repeated: spec.repeated, mayShowNames: !(query ?? '').includes('@') };
  const endpoint = {
    scheme,
    tls,
    targets: unixPath === undefined ? targets : [{ path: unixPath }],
    hosts,
    username,
    database: unix ? undefined : databaseOf(path, spec, refuse),
    parameters: query === undefined ? {} : parseParameters(query, spec.parameters ?? {}, syntax, refuse),
  };
  return Object.defineProperty(endpoint, 'password', { value: password }) as unknown as ParsedEndpoint<P>;
}
