/** The one place where a failed file operation gets its words, for every `FileSystem`. */
import { StorageError } from './errors.ts'

/** What people can do about it, for the codes they meet. */
const HINTS: Record<string, string> = {
  ENOENT: 'no such file or directory',
  ENOSPC: 'the disk is full: free space, or shorten the retention of topics',
  EDQUOT: 'the quota of this user is used up: free space, or raise the quota',
  EACCES: 'no permission: check owner and mode of the file and of its directory',
  EPERM: 'not permitted: check owner and mode of the file and of its directory',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files: raise the limit of the process (ulimit -n)',
  ENFILE: 'too many open files on this machine: raise its limit (fs.file-max)',
  EIO: 'the device reports an error: check the disk and the system log',
  EBADF: 'the file is closed, or open for reading only',
  EEXIST: 'something of that name exists',
  ENOTDIR: 'not a directory',
  EISDIR: 'is a directory',
  ENOTEMPTY: 'the directory is not empty',
}

/** `operation` is what was tried, as a verb: `open`, `write to`. */
export function storageError(
  operation: string,
  path: string,
  systemCode: string,
  cause?: unknown,
): StorageError {
  const reason = HINTS[systemCode]
  const text = reason === undefined ? systemCode : `${systemCode}, ${reason}`
  return new StorageError(systemCode, path, `cannot ${operation} ${path}: ${text}`, cause)
}
