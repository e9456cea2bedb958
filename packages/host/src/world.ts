/** The real world, as programs hand it to everything below them. */
import type { Logger, LogLevel, World } from '@barnabas/base'
import { createClock } from './clock.ts'
import { createEntropy } from './entropy.ts'
import { createFileSystem } from './files.ts'
import { createLogger, type LogOutput } from './logger.ts'
import { createTimers } from './timers.ts'
import { createTransport } from './transport.ts'

export interface HostWorldOptions {
  /** Overrules the other options of the log. */
  log?: Logger
  logLevel?: LogLevel
  logFormat?: 'text' | 'json'
  logOutput?: LogOutput
}

export function createHostWorld(options: HostWorldOptions = {}): World {
  const clock = createClock()
  const log =
    options.log ??
    createLogger({
      clock,
      ...(options.logLevel && { level: options.logLevel }),
      ...(options.logFormat && { format: options.logFormat }),
      ...(options.logOutput && { output: options.logOutput }),
    })
  return {
    clock,
    timers: createTimers(clock),
    entropy: createEntropy(),
    files: createFileSystem(),
    transport: createTransport({ log: log.child('[transport]') }),
    log,
  }
}
