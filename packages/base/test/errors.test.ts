import { ApiError, assert, InvariantError, StorageError } from '@barnabas/base'
import { expect, test } from 'vitest'

test('assert throws an InvariantError only for a broken promise', () => {
  assert(true, 'fine')
  expect(() => assert(false, 'broken')).toThrow(InvariantError)
})

test('a full disk is worth trying again, a corrupt one is not', () => {
  expect(new StorageError('ENOSPC', 'a', 'full').retriable).toBe(true)
  expect(new StorageError('EIO', 'a', 'bad').retriable).toBe(false)
  expect(new ApiError(3).errorCode).toBe(3)
})
