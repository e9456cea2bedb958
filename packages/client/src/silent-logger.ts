/** The log of a client that was given none. */
import type { Logger } from '@barnabas/base'

const nothing = () => {}

export const SILENT_LOGGER: Logger = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  isEnabled: () => false,
  child: () => SILENT_LOGGER,
}
