/** Building, checking and reading record batches. */
import {
  BatchBuilder,
  type CompressionType,
  decodeRecords,
  RecordCursor,
  scanRecords,
} from '@barnabas/protocol'
import type { Bench } from 'tinybench'

function build(count: number, size: number, compression: CompressionType = 'none') {
  const builder = new BatchBuilder({ compression })
  const key = Buffer.from('customer-17')
  for (let n = 0; n < count; n++) {
    builder.append(
      1_700_000_000_000 + n,
      key,
      Buffer.from(`{"id":${n},"text":"${'lorem ipsum '.repeat(size / 12)}"}`),
    )
  }
  return builder.build()
}

export function register(bench: Bench): void {
  const batch = build(1000, 100)
  bench.add('build 1000 records of 100 B', () => {
    build(1000, 100)
  })
  bench.add('check the CRC of 1000 records', () => {
    batch.hasValidCrc()
  })
  bench.add('scan 1000 records as a broker does', () => {
    scanRecords(batch.recordBytes, batch.recordCount)
  })
  bench.add('walk 1000 records with a cursor', () => {
    const cursor = new RecordCursor(batch.recordBytes, batch.recordCount)
    while (cursor.next());
  })
  bench.add('decode 1000 records to objects', () => {
    decodeRecords(batch)
  })
  for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const compressed = build(1000, 100, compression)
    bench.add(`decode 1000 records, ${compression}`, () => {
      decodeRecords(compressed)
    })
  }
}
