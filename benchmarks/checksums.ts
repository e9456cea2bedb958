/** CRC-32C, native and portable, over the sizes of small and large batches; murmur2 over a key. */
import { crc32c, crc32cPortable, murmur2 } from '@barnabas/base'
import type { Bench } from 'tinybench'

export function register(bench: Bench): void {
  for (const size of [100, 1024, 16_384, 1_048_576]) {
    const bytes = Buffer.alloc(size, 'abcdefghijk')
    bench.add(`crc32c ${size} B`, () => {
      crc32c(bytes)
    })
    bench.add(`crc32c ${size} B, no native code`, () => {
      crc32cPortable(bytes)
    })
  }
  const key = Buffer.from('customer-0123456789-abcd')
  bench.add('murmur2 24 B', () => {
    murmur2(key)
  })
}
