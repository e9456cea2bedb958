/** Why the compaction of a log ends early. */
import { EnvironmentError, MalformedError } from '@barnabas/base'

/** The log holds something that compaction cannot work with. It is left alone until a restart. */
export class UncleanableError extends MalformedError {
  override readonly name = 'UncleanableError'
  override readonly code = 'BARNABAS_UNCLEANABLE_LOG'
}

/** The log changed under the compaction, or it was told to stop. A later round begins anew. */
export class CompactionAbortedError extends EnvironmentError {
  override readonly name = 'CompactionAbortedError'

  constructor(log: string, why: string) {
    super('BARNABAS_COMPACTION_ABORTED', `compaction of ${log} was given up: ${why}`, {
      retriable: true,
    })
  }
}
