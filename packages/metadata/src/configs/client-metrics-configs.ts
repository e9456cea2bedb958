/** Every setting of a client metrics subscription (KIP-714). */
import { int, list, type ConfigTable } from './definition.ts'
import { between, clientMatches } from './rules.ts'

export const CLIENT_METRICS_CONFIGS = {
  'interval.ms': int('300000', {
    rule: between(100, 3_600_000),
    doc: 'How often matching clients push their metrics.',
  }),
  match: list('', {
    rule: clientMatches,
    doc: 'Conditions that a client must meet, as key=pattern; none match every client.',
  }),
  metrics: list('', {
    doc: 'Prefixes of the metrics to push; `*` for all, none to push nothing.',
  }),
} as const satisfies ConfigTable
