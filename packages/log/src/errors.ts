/**
 * What can go wrong in a log, by kind. Outcomes the protocol foresees are `ApiError`s (see protocol's
 * error table); what stands here are the environment's failures and files that are not what they claim.
 */
import { EnvironmentError, MalformedError } from '@barnabas/base'

/** A stored file that does not follow its format. Its owner rebuilds it, or gives up the directory. */
export class CorruptFileError extends MalformedError {
  override readonly name = 'CorruptFileError'
  override readonly code = 'BARNABAS_CORRUPT_FILE'
  readonly path: string

  constructor(path: string, what: string) {
    super(`${path}: ${what}`)
    this.path = path
  }
}

/** The log's directory failed earlier (the cause says how); nothing is done on it until a restart. */
export class LogOfflineError extends EnvironmentError {
  override readonly name = 'LogOfflineError'

  constructor(log: string, cause: unknown) {
    super('BARNABAS_LOG_OFFLINE', `the log ${log} is offline after a storage failure`, {
      cause,
      retriable: true,
    })
  }
}

/** The log was closed, or its partition deleted, while or before something was asked of it. */
export class LogClosedError extends EnvironmentError {
  override readonly name = 'LogClosedError'

  constructor(log: string) {
    super('BARNABAS_LOG_CLOSED', `the log ${log} is closed`, { retriable: true })
  }
}

/** Another live process holds the directory. */
export class DirectoryLockedError extends EnvironmentError {
  override readonly name = 'DirectoryLockedError'

  constructor(directory: string) {
    super(
      'BARNABAS_DIRECTORY_LOCKED',
      `${directory} is in use by another process (it holds ${directory}/.lock); stop it, or use another log.dirs`,
    )
  }
}
