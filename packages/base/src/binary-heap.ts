/** A priority queue: the element that comes before all others is always at the top. */
export class BinaryHeap<T> {
  private readonly elements: T[] = []
  private readonly isBefore: (one: T, other: T) => boolean

  constructor(isBefore: (one: T, other: T) => boolean) {
    this.isBefore = isBefore
  }

  get size(): number {
    return this.elements.length
  }

  peek(): T | undefined {
    return this.elements[0]
  }

  push(element: T): void {
    const { elements, isBefore } = this
    let at = elements.length
    elements.push(element)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(element, elements[parent]!)) break
      elements[at] = elements[parent]!
      at = parent
    }
    elements[at] = element
  }

  pop(): T | undefined {
    const { elements } = this
    const top = elements[0]
    const last = elements.pop()
    if (elements.length > 0) this.sink(last!)
    return top
  }

  /** Puts `element` in the place of the top and lets it go down to where it belongs. */
  private sink(element: T): void {
    const { elements, isBefore } = this
    const { length } = elements
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= length) break
      if (child + 1 < length && isBefore(elements[child + 1]!, elements[child]!)) child++
      if (!isBefore(elements[child]!, element)) break
      elements[at] = elements[child]!
      at = child
    }
    elements[at] = element
  }
}
