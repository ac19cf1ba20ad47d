export {
  type CallOptions,
  createJsonCodec,
  jsonCodec,
  type OperationsSummary,
  type OperationSummary,
} from '@wirewright/core';
export {
  AbortedError,
  ArgumentError,
  BatchError,
  type BatchOutcome,
  ClientError,
  type ClientState,
  ClosedError,
  CodecError,
  ConnectionError,
  OverloadedError,
  ProtocolError,
  ServerError,
  type StatusRecord,
  TimeoutError,
  UnsafeIntegerError,
  UnsupportedError,
} from '@wirewright/core';
export { LensDBClient, withClient } from './client.ts';
export { type CloseOptions } from './close-options.ts';
export { type ValueCodec } from './codecs/codec.ts';
export { messagePackCodec } from './codecs/message-pack.ts';
export { v8Codec } from './codecs/v8.ts';
export { type BatchOptions } from './commands/batch.ts';
export { type CommandOptions } from './commands/call-options.ts';
export { type Commands } from './commands/commands.ts';
export { type GetJsonOptions, type GetObjectOptions, type SetObjectOptions } from './commands/objects.ts';
export { type ScanOptions } from './commands/scan.ts';
export { type WriteOptions } from './commands/ttl.ts';
export { type LensDBInfo, type LensDBMetrics, type LensDBStats, type LensDBSummary } from './connection/info.ts';
export { ConnectionPool } from './connection-pool.ts';
export {
  LensDBError,
  type LensDBErrorCode,
  LensDBInvalidKeyError,
  LensDBInvalidRequestError,
  LensDBStorageFullError,
} from './errors.ts';
export { LensDBConnection } from './leased-connection.ts';
export { type ConnectionPoolOptions, type LensDBOptions } from './options.ts';
export { type BytesLike } from './protocol/bytes.ts';
export { type Dialect } from './protocol/dialect.ts';
export { MessageType, ResponseStatus } from './protocol/ldbd/codes.ts';
export { decodeLdbdRequest, encodeLdbdRequest, type LdbdRequest, ldbdRequest } from './protocol/ldbd/request.ts';
export { decodeLdbdResponse, encodeLdbdResponse, type LdbdResponse, ldbdResponse } from './protocol/ldbd/response.ts';
export { LensMessageType, LensResponseStatus } from './protocol/lens/codes.ts';
export { decodeLensRequest, encodeLensRequest, type LensRequest, lensRequest } from './protocol/lens/request.ts';
export { decodeLensResponse, encodeLensResponse, type LensResponse, lensResponse } from './protocol/lens/response.ts';
