/**
 * The ports through which everything that is not pure computation enters: clock, timers, entropy,
 * files, sockets, log lines. Production code gets the implementation of `@barnabas/host`; tests and
 * the simulator get `@barnabas/base/testing`. Nothing below the programs may reach for `Date`,
 * `Math.random`, `setTimeout`, `node:fs` or `node:net` by itself.
 */

/**
 * A result that may already be there. Ports answer synchronously when they can (a small write to the
 * page cache costs less than a thread-pool hop); callers on hot paths check for a promise, all others
 * simply `await`.
 */
export type Awaitable<T> = T | Promise<T>

export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. May jump. */
  nowMs(): number
  /** Never goes back; only differences mean anything. Milliseconds, may have a fraction. */
  monotonicMs(): number
}

export interface TimerHandle {
  /** Idempotent. After it the callback is never called. */
  cancel(): void
}

export interface Timers {
  /**
   * Calls `fire` once, `delayMs` or more from now. Timers may be coarse (a wheel tick of a few
   * milliseconds). Does not keep the process alive.
   */
  schedule(delayMs: number, fire: () => void): TimerHandle
  /** Calls `run` soon, after what is running now and its microtasks, before any timer that is not yet due. */
  defer(run: () => void): void
}

export interface Entropy {
  /** A uniformly distributed unsigned 32-bit integer. */
  nextU32(): number
  /** Fills `into` with random bytes. */
  fill(into: Uint8Array): void
  /** An independent stream, a function of this stream's seed and `name` only. */
  fork(name: string): Entropy
}

export type OpenMode = 'read' | 'readwrite'

export interface FileHandle {
  /**
   * Reads up to `into.length` bytes at `position`; resolves to the number read, less than asked for
   * only at the end of the file. `likelyCached` says that the bytes were written recently, so that a
   * synchronous read will not wait for a disk.
   */
  read(into: Uint8Array, position: number, likelyCached?: boolean): Awaitable<number>
  /**
   * Writes all parts one after another at `position`, all or nothing as far as the system allows; a
   * failure leaves an undefined amount written. The parts may be reused once it has resolved.
   */
  writev(parts: readonly Uint8Array[], position: number): Awaitable<void>
  truncate(sizeBytes: number): Awaitable<void>
  /** Resolves once the data written so far (and the size) survives a crash of the machine. */
  datasync(): Promise<void>
  size(): Awaitable<number>
  close(): Awaitable<void>
}

export interface FileInfo {
  sizeBytes: number
  modifiedMs: number
  isDirectory: boolean
}

export interface DiskSpace {
  totalBytes: number
  usableBytes: number
}

/** Errors are `StorageError`s (see errors.ts); `code` holds the system's code (`ENOENT`, `ENOSPC`, ...). */
export interface FileSystem {
  /** `readwrite` creates the file when it is missing. */
  open(path: string, mode: OpenMode): Promise<FileHandle>
  readFile(path: string): Promise<Uint8Array>
  /**
   * Replaces a small file as a whole: writes `path + '.tmp'`, syncs it, renames it over `path`, syncs
   * the directory. A crash leaves the old or the new content. `sync: false` skips both syncs.
   */
  replaceFile(path: string, content: Uint8Array, options?: { sync?: boolean }): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Removes a file; a missing one is not an error. */
  remove(path: string): Promise<void>
  /** Removes a directory and all in it; a missing one is not an error. */
  removeTree(path: string): Promise<void>
  /** Names (not paths) in a directory, sorted. */
  list(directory: string): Promise<string[]>
  /** Null when nothing is there. */
  stat(path: string): Promise<FileInfo | null>
  setModified(path: string, modifiedMs: number): Promise<void>
  makeDirectories(path: string): Promise<void>
  syncDirectory(path: string): Promise<void>
  diskSpace(path: string): Promise<DiskSpace>
  /**
   * Takes an exclusive lock on a file (created when missing) for the life of this process or until
   * `unlock`. Resolves to null when another live process holds it.
   */
  lock(path: string): Promise<{ unlock(): Promise<void> } | null>
}

export interface Endpoint {
  host: string
  port: number
}

export interface TlsServerOptions {
  /** PEM texts. */
  certificate: string
  key: string
  certificateAuthorities?: readonly string[]
  clientAuthentication?: 'none' | 'requested' | 'required'
  passphrase?: string
  minVersion?: 'TLSv1.2' | 'TLSv1.3'
}

export interface TlsClientOptions {
  certificateAuthorities?: readonly string[]
  certificate?: string
  key?: string
  passphrase?: string
  /** Name to verify and to send as SNI; the host connected to when absent. */
  serverName?: string
  rejectUnauthorized?: boolean
}

/**
 * Where a channel puts the bytes it receives. The channel asks for a place before each read, so that a
 * frame's bytes can land in that frame's own buffer without being copied again.
 */
export interface ByteSink {
  /** A non-empty place for the next bytes. It must stay valid until the next call of `onBytes`. */
  nextBuffer(): Uint8Array
  /** `length` bytes now stand at the start of what `nextBuffer` returned last. */
  onBytes(length: number): void
  /** The peer ended, the channel failed (`error` set) or `close` was called. Called once, last. */
  onClose(error: Error | null): void
  /** All that was written has been handed to the operating system after `write` returned false. */
  onDrain?(): void
}

export interface ByteChannel {
  /** Must be called once, before anything is received. */
  start(sink: ByteSink): void
  /**
   * Queues the parts in order. The parts must stay unchanged until `done` is called (which happens also
   * when the channel closes first). Returns false when the sender should wait for `onDrain`.
   */
  write(parts: readonly Uint8Array[], done?: () => void): boolean
  /** Stops (or goes on) receiving: back-pressure towards the peer. */
  pause(): void
  resume(): void
  /** Sends what is queued, then closes. */
  end(): void
  /** Closes at once; what is queued may be lost. */
  destroy(error?: Error): void
  /** Bytes queued here and not yet handed to the operating system. */
  readonly queuedBytes: number
  readonly local: Endpoint
  readonly remote: Endpoint
  /** Present on TLS channels with a verified peer certificate: its subject as RFC 2253 text. */
  readonly peerSubject?: string
}

export interface Listener {
  readonly address: Endpoint
  /** Stops accepting; channels already accepted stay. Resolves when the port is free. */
  close(): Promise<void>
}

export interface ListenOptions {
  tls?: TlsServerOptions
  /** Length of the queue of connections not yet accepted. */
  backlog?: number
}

export interface Transport {
  connect(
    to: Endpoint,
    options?: { tls?: TlsClientOptions; timeoutMs?: number; signal?: AbortSignal },
  ): Promise<ByteChannel>
  listen(
    at: Endpoint,
    onChannel: (channel: ByteChannel) => void,
    options?: ListenOptions,
  ): Promise<Listener>
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'
export type LogFields = Record<string, unknown>

export interface Logger {
  trace(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  isEnabled(level: LogLevel): boolean
  /** A logger for one component, such as `[group-coordinator p=12]`. */
  child(component: string): Logger
}

export interface World {
  clock: Clock
  timers: Timers
  entropy: Entropy
  files: FileSystem
  transport: Transport
  log: Logger
}
