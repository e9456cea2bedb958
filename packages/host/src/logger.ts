/**
 * Log lines as Apache Kafka's brokers write them, so that what people have for reading those (collectors,
 * patterns, habits) works here:
 *
 *   [2026-11-25 04:00:00,123] INFO [group-coordinator p=12] Loaded the partition (records=3, timeMs=8)
 *
 * or one JSON object a line. Text from outside cannot begin a line of its own: control characters are
 * written as escapes. Levels can be changed at run time, for all components or for one.
 */
import type { Clock, LogFields, Logger, LogLevel } from '@barnabas/base'

export interface LogOutput {
  write(line: string): unknown
}

export interface LoggerOptions {
  clock: Clock
  level?: LogLevel
  format?: 'text' | 'json'
  /** Standard output when absent. */
  output?: LogOutput
}

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error']

/** A logger whose levels, shared with all its children, can be changed. */
export interface HostLogger extends Logger {
  child(component: string): HostLogger
  /**
   * Shows lines from this level on. With a component it counts for that one alone, named by what stands
   * first in the brackets (`group-coordinator`); null gives it back to the common level.
   */
  setLevel(level: LogLevel): void
  setLevel(level: LogLevel | null, component: string): void
}

export function createLogger(options: LoggerOptions): HostLogger {
  return new LineLogger(new LogSink(options), '')
}

/** What a family of loggers shares. */
class LogSink {
  level: number
  readonly levels = new Map<string, number>()
  /** Counts changes of levels, so that loggers know when theirs may be another. */
  changes = 0
  readonly format: 'text' | 'json'
  private readonly clock: Clock
  private readonly output: LogOutput

  constructor(options: LoggerOptions) {
    this.level = LEVELS.indexOf(options.level ?? 'info')
    this.format = options.format ?? 'text'
    this.clock = options.clock
    this.output = options.output ?? process.stdout
  }

  line(level: LogLevel, component: string, message: string, fields: LogFields | undefined): void {
    const nowMs = this.clock.nowMs()
    this.output.write(
      this.format === 'json'
        ? jsonLine(nowMs, level, component, message, fields)
        : textLine(nowMs, level, component, message, fields),
    )
  }
}

class LineLogger implements HostLogger {
  private readonly sink: LogSink
  private readonly component: string
  private readonly name: string
  private lowest = 0
  private seenChanges = -1

  constructor(sink: LogSink, component: string) {
    this.sink = sink
    this.component = component
    this.name = componentName(component)
  }

  trace(message: string, fields?: LogFields): void {
    this.log(0, message, fields)
  }

  debug(message: string, fields?: LogFields): void {
    this.log(1, message, fields)
  }

  info(message: string, fields?: LogFields): void {
    this.log(2, message, fields)
  }

  warn(message: string, fields?: LogFields): void {
    this.log(3, message, fields)
  }

  error(message: string, fields?: LogFields): void {
    this.log(4, message, fields)
  }

  isEnabled(level: LogLevel): boolean {
    return this.isShown(LEVELS.indexOf(level))
  }

  child(component: string): HostLogger {
    const own = component.startsWith('[') ? component : `[${component}]`
    return new LineLogger(this.sink, this.component === '' ? own : `${this.component} ${own}`)
  }

  setLevel(level: LogLevel | null, component?: string): void {
    const { sink } = this
    sink.changes++
    if (component === undefined) sink.level = LEVELS.indexOf(level ?? 'info')
    else if (level === null) sink.levels.delete(component)
    else sink.levels.set(component, LEVELS.indexOf(level))
  }

  private isShown(level: number): boolean {
    const { sink } = this
    if (this.seenChanges !== sink.changes) {
      this.seenChanges = sink.changes
      this.lowest = sink.levels.get(this.name) ?? sink.level
    }
    return level >= this.lowest
  }

  private log(level: number, message: string, fields: LogFields | undefined): void {
    if (this.isShown(level)) this.sink.line(LEVELS[level]!, this.component, message, fields)
  }
}

/** `group-coordinator` of `[broker 1] [group-coordinator p=12]`. */
function componentName(component: string): string {
  return component.slice(component.lastIndexOf('[') + 1).replace(/[\s\]].*$/, '')
}

function textLine(
  nowMs: number,
  level: LogLevel,
  component: string,
  message: string,
  fields: LogFields | undefined,
): string {
  const prefix = component === '' ? '' : `${oneLine(component)} `
  const head = `[${timeText(nowMs)}] ${level.toUpperCase()} ${prefix}${oneLine(message)}`
  if (fields === undefined) return `${head}\n`
  const shown: string[] = []
  let stacks = ''
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue
    shown.push(`${name}=${oneLine(valueText(value))}`)
    if (value instanceof Error) stacks += stackText(value)
  }
  return shown.length === 0 ? `${head}\n` : `${head} (${shown.join(', ')})\n${stacks}`
}

/** The frames of an error and of its causes, each line indented so that none looks like a log line. */
function stackText(error: Error): string {
  let text = ''
  let current: unknown = error
  for (let depth = 0; current instanceof Error && depth < 5; depth++) {
    if (depth > 0) text += `Caused by: ${oneLine(`${current.name}: ${current.message}`)}\n`
    const frames = (current.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
    for (const frame of frames) text += `\tat ${oneLine(frame.trim().slice(3))}\n`
    current = current.cause
  }
  return text
}

function jsonLine(
  nowMs: number,
  level: LogLevel,
  component: string,
  message: string,
  fields: LogFields | undefined,
): string {
  const line = {
    time: new Date(nowMs).toISOString(),
    level,
    component,
    message,
    ...(fields && { fields }),
  }
  try {
    return `${JSON.stringify(line, jsonValue)}\n`
  } catch {
    // A cycle in one of the fields: the others are worth having.
    const texts = Object.entries(fields ?? {}).map(([name, value]) => [name, valueText(value)])
    return `${JSON.stringify({ ...line, fields: Object.fromEntries(texts) })}\n`
  }
}

function jsonValue(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (!(value instanceof Error)) return value
  const { name, message, stack, cause } = value
  const code = (value as { code?: unknown }).code
  return { name, message, ...(code !== undefined && { code }), stack, cause }
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Error) return `${value.name}: ${value.message}`
  if (typeof value !== 'object' || value === null) return String(value)
  try {
    return JSON.stringify(value, jsonValue) ?? String(value)
  } catch {
    return '[not printable]' // a cycle: a log line is no reason to fail
  }
}

/** Control characters, and the line separators that some viewers break lines at. */
const CONTROL = /[\p{Cc}\u2028\u2029]/gu
const SHORT_ESCAPES: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function oneLine(text: string): string {
  return text.replace(CONTROL, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0')
    return SHORT_ESCAPES[character] ?? `\\u${code}`
  })
}

/** Local time, as log4j writes it: `2026-11-25 04:00:00,123`. */
function timeText(nowMs: number): string {
  const at = new Date(nowMs)
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
  return `${day} ${time},${String(at.getMilliseconds()).padStart(3, '0')}`
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}
