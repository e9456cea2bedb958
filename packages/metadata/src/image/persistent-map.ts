/**
 * An immutable map whose changed copy shares all but a few nodes with the original (a hash trie with 32
 * ways). The shape depends on the content alone, not on its history, so iteration order does neither,
 * and two versions of one map can be compared in the time their difference takes.
 */
import { javaStringHash } from '@barnabas/base'

export type MapKey = string | number

interface Leaf<K, V> {
  readonly hash: number
  readonly key: K
  readonly value: V
}

/** Leaves of one and the same hash, ordered by key. */
interface Collision<K, V> {
  readonly hash: number
  readonly leaves: readonly Leaf<K, V>[]
}

interface Branch<K, V> {
  /** Which of the 32 ways are taken; `children` holds those alone. */
  readonly bitmap: number
  readonly children: readonly Node<K, V>[]
}

type Node<K, V> = Leaf<K, V> | Collision<K, V> | Branch<K, V>

const BITS = 5
const MASK = 31

export interface MapChange<K, V> {
  readonly key: K
  readonly before: V | undefined
  readonly after: V | undefined
}

export class PersistentMap<K extends MapKey, V> implements Iterable<[K, V]> {
  readonly size: number
  private readonly root: Node<K, V> | null

  private constructor(size: number, root: Node<K, V> | null) {
    this.size = size
    this.root = root
  }

  private static readonly nothing = new PersistentMap<MapKey, unknown>(0, null)

  static empty<K extends MapKey, V>(): PersistentMap<K, V> {
    return PersistentMap.nothing as unknown as PersistentMap<K, V>
  }

  static of<K extends MapKey, V>(entries: Iterable<readonly [K, V]>): PersistentMap<K, V> {
    let map = PersistentMap.empty<K, V>()
    for (const [key, value] of entries) map = map.set(key, value)
    return map
  }

  get(key: K): V | undefined {
    const hash = hashOf(key)
    let node = this.root
    for (let shift = 0; node !== null; shift += BITS) {
      if (isBranch(node)) {
        const bit = 1 << ((hash >>> shift) & MASK)
        if ((node.bitmap & bit) === 0) return undefined
        node = node.children[countBits(node.bitmap & (bit - 1))]!
      } else if (isCollision(node)) {
        return node.leaves.find((leaf) => leaf.key === key)?.value
      } else {
        return node.key === key ? node.value : undefined
      }
    }
    return undefined
  }

  has(key: K): boolean {
    return this.get(key) !== undefined
  }

  /** Itself when the very same value already stands there. `undefined` is no value. */
  set(key: K, value: V): PersistentMap<K, V> {
    const before = this.get(key)
    if (before === value) return this
    const leaf: Leaf<K, V> = { hash: hashOf(key), key, value }
    const root = this.root === null ? leaf : inserted(this.root, leaf, 0)
    return new PersistentMap(before === undefined ? this.size + 1 : this.size, root)
  }

  delete(key: K): PersistentMap<K, V> {
    if (this.root === null || !this.has(key)) return this
    return new PersistentMap(this.size - 1, removed(this.root, hashOf(key), key, 0))
  }

  *[Symbol.iterator](): Iterator<[K, V]> {
    for (const leaf of leavesOf(this.root)) yield [leaf.key, leaf.value]
  }

  *keys(): Iterable<K> {
    for (const leaf of leavesOf(this.root)) yield leaf.key
  }

  *values(): Iterable<V> {
    for (const leaf of leavesOf(this.root)) yield leaf.value
  }

  /** What differs from an earlier map, by identity of the values. Shared parts are not looked at. */
  *changesSince(before: PersistentMap<K, V>): Iterable<MapChange<K, V>> {
    yield* differences(before.root, this.root, 0)
  }
}

function inserted<K extends MapKey, V>(
  node: Node<K, V>,
  leaf: Leaf<K, V>,
  shift: number,
): Node<K, V> {
  if (isBranch(node)) {
    const bit = 1 << ((leaf.hash >>> shift) & MASK)
    const at = countBits(node.bitmap & (bit - 1))
    if ((node.bitmap & bit) === 0) {
      return { bitmap: node.bitmap | bit, children: node.children.toSpliced(at, 0, leaf) }
    }
    const child = inserted(node.children[at]!, leaf, shift + BITS)
    return { bitmap: node.bitmap, children: node.children.with(at, child) }
  }
  if (node.hash !== leaf.hash) return joined(node, leaf, shift)
  const others = (isCollision(node) ? node.leaves : [node]).filter((old) => old.key !== leaf.key)
  if (others.length === 0) return leaf
  return { hash: leaf.hash, leaves: [...others, leaf].sort(byKey) }
}

/** A branch over two nodes of different hashes, as deep as they still agree. */
function joined<K, V>(
  left: Leaf<K, V> | Collision<K, V>,
  right: Leaf<K, V>,
  shift: number,
): Branch<K, V> {
  const leftWay = (left.hash >>> shift) & MASK
  const rightWay = (right.hash >>> shift) & MASK
  if (leftWay === rightWay) {
    return { bitmap: 1 << leftWay, children: [joined(left, right, shift + BITS)] }
  }
  const children = leftWay < rightWay ? [left, right] : [right, left]
  return { bitmap: (1 << leftWay) | (1 << rightWay), children }
}

/** The node without a key that is known to be in it; null when nothing remains. */
function removed<K extends MapKey, V>(
  node: Node<K, V>,
  hash: number,
  key: K,
  shift: number,
): Node<K, V> | null {
  if (!isBranch(node)) {
    if (!isCollision(node)) return null
    const leaves = node.leaves.filter((leaf) => leaf.key !== key)
    return leaves.length === 1 ? leaves[0]! : { hash, leaves }
  }
  const bit = 1 << ((hash >>> shift) & MASK)
  const at = countBits(node.bitmap & (bit - 1))
  const child = removed(node.children[at]!, hash, key, shift + BITS)
  const children = child === null ? node.children.toSpliced(at, 1) : node.children.with(at, child)
  if (children.length === 0) return null
  // A branch with one leaf would betray that there once was more: the leaf moves up.
  if (children.length === 1 && !isBranch(children[0]!)) return children[0]!
  return { bitmap: child === null ? node.bitmap & ~bit : node.bitmap, children }
}

function* leavesOf<K, V>(node: Node<K, V> | null): Iterable<Leaf<K, V>> {
  if (node === null) return
  if (isBranch(node)) {
    for (const child of node.children) yield* leavesOf(child)
  } else if (isCollision(node)) {
    yield* node.leaves
  } else {
    yield node
  }
}

function* differences<K extends MapKey, V>(
  before: Node<K, V> | null,
  after: Node<K, V> | null,
  shift: number,
): Iterable<MapChange<K, V>> {
  if (before === after) return
  if (before !== null && after !== null && isBranch(before) && isBranch(after)) {
    for (let way = 0; way <= MASK; way++) {
      yield* differences(childAt(before, way), childAt(after, way), shift + BITS)
    }
    return
  }
  const old = new Map([...leavesOf(before)].map((leaf) => [leaf.key, leaf.value]))
  for (const leaf of leavesOf(after)) {
    const was = old.get(leaf.key)
    old.delete(leaf.key)
    if (was !== leaf.value) yield { key: leaf.key, before: was, after: leaf.value }
  }
  for (const [key, value] of old) yield { key, before: value, after: undefined }
}

function childAt<K, V>(branch: Branch<K, V>, way: number): Node<K, V> | null {
  const bit = 1 << way
  return (branch.bitmap & bit) === 0 ? null : branch.children[countBits(branch.bitmap & (bit - 1))]!
}

function isBranch<K, V>(node: Node<K, V>): node is Branch<K, V> {
  return 'children' in node
}

function isCollision<K, V>(node: Leaf<K, V> | Collision<K, V>): node is Collision<K, V> {
  return 'leaves' in node
}

function byKey<K extends MapKey>(left: { key: K }, right: { key: K }): number {
  return left.key < right.key ? -1 : left.key > right.key ? 1 : 0
}

function hashOf(key: MapKey): number {
  let hash = typeof key === 'string' ? javaStringHash(key) : key | 0
  // Neighbouring ids and names that differ in their last letter must part at the first level.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function countBits(bits: number): number {
  let n = bits - ((bits >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
