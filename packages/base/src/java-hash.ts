/** Java's `String.hashCode`: decides which partition of a coordinator topic serves a group or a transactional id. */

/** Signed 32-bit hash over the UTF-16 units of `text`. */
export function javaStringHash(text: string): number {
  let hash = 0
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0
  return hash
}

/** Partition of a coordinator topic: the absolute hash modulo the count, the lowest int counting as 0. */
export function coordinatorPartition(key: string, partitionCount: number): number {
  const hash = javaStringHash(key)
  return (hash === -0x80000000 ? 0 : Math.abs(hash)) % partitionCount
}
