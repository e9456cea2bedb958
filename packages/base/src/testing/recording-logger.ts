/** A logger that keeps its lines, for tests that look at what was said. */
import type { LogFields, Logger, LogLevel } from '../world.ts'

export interface LogLine {
  level: LogLevel
  component: string
  message: string
  fields: LogFields
}

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error']

/** The oldest lines are dropped beyond this many; enough for any test, little memory in a long simulation. */
const LINES_MAX = 10_000

export class RecordingLogger implements Logger {
  /** Shared by a logger and all its children, oldest first. */
  readonly lines: LogLine[]
  private readonly component: string
  private readonly lowest: LogLevel

  constructor(lowest: LogLevel = 'debug', component = '', lines: LogLine[] = []) {
    this.lowest = lowest
    this.component = component
    this.lines = lines
  }

  trace(message: string, fields?: LogFields): void {
    this.add('trace', message, fields)
  }

  debug(message: string, fields?: LogFields): void {
    this.add('debug', message, fields)
  }

  info(message: string, fields?: LogFields): void {
    this.add('info', message, fields)
  }

  warn(message: string, fields?: LogFields): void {
    this.add('warn', message, fields)
  }

  error(message: string, fields?: LogFields): void {
    this.add('error', message, fields)
  }

  isEnabled(level: LogLevel): boolean {
    return LEVELS.indexOf(level) >= LEVELS.indexOf(this.lowest)
  }

  child(component: string): Logger {
    const nested = this.component === '' ? component : `${this.component} ${component}`
    return new RecordingLogger(this.lowest, nested, this.lines)
  }

  /** The lines that contain `text`, of one level or of all. */
  find(text: string, level?: LogLevel): LogLine[] {
    return this.lines.filter(
      (line) => (level === undefined || line.level === level) && line.message.includes(text),
    )
  }

  private add(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (!this.isEnabled(level)) return
    if (this.lines.length === LINES_MAX) this.lines.shift()
    this.lines.push({ level, component: this.component, message, fields })
  }
}
