export type { CleanerStatistics } from './cleaner-metrics.ts'
export type { CompactableLog } from './compactable-log.ts'
export {
  type CleanerConfig,
  DEFAULT_CLEANER_CONFIG,
  LogCleaner,
  type LogCleanerOptions,
  type LogToClean,
} from './log-cleaner.ts'
