/** Refusals of operations. */
import { ApiError, assert } from '@barnabas/base'

/** The error code with which the action is refused, or that its response carries. */
export function errorOf(action: () => unknown): number {
  let result: unknown
  try {
    result = action()
  } catch (error) {
    if (error instanceof ApiError) return error.errorCode
    throw error
  }
  if (typeof result === 'number') return result
  const answer = result as { response?: unknown }
  const response = (answer.response ?? result) as { errorCode?: number }
  assert(response.errorCode !== undefined, 'the request was neither refused nor answered')
  return response.errorCode
}
