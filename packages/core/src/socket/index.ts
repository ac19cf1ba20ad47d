export { type DialOptions, type Net, type NetSocket, type SocketHandler } from './net.ts';
export { type TlsOptions } from './tls.ts';
