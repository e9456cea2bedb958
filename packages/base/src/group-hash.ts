/**
 * Hashes by which a group notices that what it reads has changed (KIP-1101): one of a topic's id, name,
 * partitions and racks, and one of all topics of a group. They stand in the group's stored metadata, so
 * they must be Kafka's own.
 */
import { uuidToBytes } from './uuid.ts'
import { xxh3 } from './xxh3.ts'

const MAGIC = 0

/** Signed 64-bit hash of a topic; `racks` has the racks of the replicas of each partition. */
export function topicHash(topicId: string, name: string, racks: readonly string[][]): bigint {
  const id = Buffer.from(uuidToBytes(topicId)!)
  const input = new HashInput()
  input.byte(MAGIC)
  input.long(id.readBigInt64BE(0))
  input.long(id.readBigInt64BE(8))
  input.string(name)
  input.int(racks.length)
  racks.forEach((ofPartition, partition) => {
    input.int(partition)
    for (const rack of [...ofPartition].sort()) {
      input.int(rack.length)
      input.string(rack)
    }
  })
  return input.hash()
}

/** Signed 64-bit hash of a group from the hashes of its topics by name; 0 without topics. */
export function groupHash(topicHashes: ReadonlyMap<string, bigint>): bigint {
  if (topicHashes.size === 0) return 0n
  const input = new HashInput()
  for (const name of [...topicHashes.keys()].sort()) input.long(topicHashes.get(name)!)
  return input.hash()
}

/** Bytes to be hashed, as Kafka's hashing library lays values out: little-endian, texts in UTF-16. */
class HashInput {
  private readonly parts: Buffer[] = []

  byte(value: number): void {
    this.parts.push(Buffer.of(value))
  }

  int(value: number): void {
    const bytes = Buffer.allocUnsafe(4)
    bytes.writeInt32LE(value)
    this.parts.push(bytes)
  }

  long(value: bigint): void {
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeBigInt64LE(value)
    this.parts.push(bytes)
  }

  string(value: string): void {
    this.parts.push(Buffer.from(value, 'utf16le'))
    this.int(value.length)
  }

  hash(): bigint {
    return BigInt.asIntN(64, xxh3(Buffer.concat(this.parts)))
  }
}
