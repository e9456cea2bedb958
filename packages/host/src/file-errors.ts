/** Errors of Node's file functions as the `StorageError`s that the port promises. */
import { StorageError, storageError } from '@barnabas/base'

export function toStorageError(operation: string, path: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error
  return storageError(operation, path, codeOf(error) ?? 'EUNKNOWN', error)
}

/** The system's code, when the error comes from the system. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code
}
