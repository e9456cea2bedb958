import { ApiError } from '@barnabas/base'
import { createTestWorld } from '@barnabas/base/testing'
import { describe, expect, test } from 'vitest'
import { ProducerIds, type ProducerIdBlock } from '../../src/index.ts'

class Controller {
  readonly world = createTestWorld()
  readonly asked: { resolve(block: ProducerIdBlock): void; reject(error: Error): void }[] = []
  readonly ids = new ProducerIds({
    world: this.world,
    allocate: () => new Promise((resolve, reject) => this.asked.push({ resolve, reject })),
  })

  async give(firstProducerId: number, count: number): Promise<void> {
    this.asked.shift()!.resolve({ firstProducerId, count })
    await this.world.settle()
  }

  async fail(): Promise<void> {
    this.asked.shift()!.reject(new Error('not now'))
    await this.world.settle()
  }

  /** What a claim came to by now: an id, `refused`, or `waiting`. */
  async claim(): Promise<{ now: number | string }> {
    const result: { now: number | string } = { now: 'waiting' }
    this.ids.claim().then(
      (producerId) => (result.now = producerId),
      (error: unknown) => {
        expect(error).toBeInstanceOf(ApiError)
        expect((error as ApiError).errorCode).toBe(14)
        result.now = 'refused'
      },
    )
    await this.world.settle()
    return result
  }
}

describe('TXN-30 blocks of producer ids', () => {
  test('the first claim asks for a block; whoever waits gets an id of it', async () => {
    const controller = new Controller()
    const [one, two] = [await controller.claim(), await controller.claim()]
    expect(controller.asked.length).toBe(1)
    expect(one.now).toBe('waiting')
    await controller.give(1000, 1000)
    expect([one.now, two.now]).toEqual([1000, 1001])
    expect((await controller.claim()).now).toBe(1002)
    expect(controller.asked.length).toBe(0)
  })

  test('the next block is asked for before anybody has to wait for it', async () => {
    const controller = new Controller()
    await controller.claim()
    await controller.give(100, 10)
    for (let id = 101; id < 109; id++) expect((await controller.claim()).now).toBe(id)
    expect(controller.asked.length).toBe(0)
    expect((await controller.claim()).now).toBe(109)
    expect(controller.asked.length).toBe(1)
    await controller.give(500, 10)
    expect((await controller.claim()).now).toBe(500)
  })

  test('more who wait than ids in a block get theirs from the block after it', async () => {
    const controller = new Controller()
    const claims = [await controller.claim(), await controller.claim(), await controller.claim()]
    await controller.give(10, 2)
    expect(claims.map(({ now }) => now)).toEqual([10, 11, 'waiting'])
    await controller.give(20, 2)
    expect(claims[2]!.now).toBe(20)
  })

  test('who waits is refused when the controller gives none, and it is asked again later', async () => {
    const controller = new Controller()
    const claim = await controller.claim()
    await controller.fail()
    expect(claim.now).toBe('refused')
    expect((await controller.claim()).now).toBe('refused')
    expect(controller.asked.length).toBe(0)
    await controller.world.advance(50)
    const later = await controller.claim()
    await controller.give(1, 10)
    expect(later.now).toBe(1)
  })

  test.each([
    { firstProducerId: 5, count: 10 },
    { firstProducerId: 20, count: 0 },
    { firstProducerId: 20, count: -1 },
    { firstProducerId: Number.MAX_SAFE_INTEGER, count: 2 },
  ])('a block that cannot be ($firstProducerId, $count) is not taken', async (block) => {
    const controller = new Controller()
    await controller.claim()
    await controller.give(10, 1)
    const claim = await controller.claim()
    await controller.give(block.firstProducerId, block.count)
    expect(claim.now).toBe('refused')
  })

  test('a block that cannot be had does no harm while there are ids', async () => {
    const controller = new Controller()
    await controller.claim()
    await controller.give(10, 3)
    await controller.claim()
    await controller.claim()
    await controller.fail()
    await controller.world.advance(50)
    const claim = await controller.claim()
    expect(claim.now).toBe('waiting')
    await controller.give(30, 3)
    expect(claim.now).toBe(30)
  })
})
