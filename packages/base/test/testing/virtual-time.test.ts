import { RecordingLogger, VirtualClock, VirtualTime, VirtualTimers } from '@barnabas/base/testing'
import { expect, test } from 'vitest'

function process() {
  const time = new VirtualTime(1000)
  return { time, clock: new VirtualClock(time), timers: new VirtualTimers(time) }
}

test('time stands still until it is moved, and timers see the time they asked for', async () => {
  const { time, clock, timers } = process()
  const fired: string[] = []
  timers.schedule(20, () => fired.push(`b ${clock.nowMs()}`))
  timers.schedule(10, () => {
    fired.push(`a ${clock.nowMs()}`)
    timers.schedule(5, () => fired.push(`c ${clock.nowMs()}`))
  })
  timers.schedule(10.5, () => fired.push('never')).cancel()
  await time.advance(19)
  expect(fired).toEqual(['a 1010', 'c 1015'])
  expect(clock.nowMs()).toBe(1019)
  await time.advance(1)
  expect(fired).toEqual(['a 1010', 'c 1015', 'b 1020'])
})

test('promises and deferred work settle between two timers', async () => {
  const { time, timers } = process()
  const order: string[] = []
  timers.schedule(5, () => {
    order.push('first')
    timers.defer(() => {
      order.push('deferred')
      void (async () => {
        for (let n = 0; n < 50; n++) await Promise.resolve()
        timers.defer(() => order.push('deferred again'))
        order.push('promise')
      })()
    })
  })
  timers.schedule(5, () => order.push('second'))
  await time.advance(5)
  expect(order).toEqual(['first', 'deferred', 'promise', 'deferred again', 'second'])
})

test('deferred work runs although nobody moves time', async () => {
  const { timers } = process()
  await new Promise<void>((resolve) => timers.defer(resolve))
})

test('runUntil goes as far as needed, and says when that is nowhere', async () => {
  const { time, clock, timers } = process()
  let ready = false
  timers.schedule(300, () => {
    ready = true
  })
  timers.schedule(900, () => {})
  await time.runUntil(() => ready)
  expect(clock.monotonicMs()).toBe(300)
  await expect(time.runUntil(() => false, 100)).rejects.toThrow(/100 ms have passed/)
  await expect(time.runUntil(() => false)).rejects.toThrow(/no timer is left/)
  const slow = new Promise<string>((resolve) => timers.schedule(50, () => resolve('done')))
  expect(await time.complete(slow)).toBe('done')
  const failing = new Promise((_, reject) => timers.schedule(50, () => reject(new Error('no'))))
  await expect(time.complete(failing)).rejects.toThrow('no')
})

test('an error of a timer is that of the call which moved time', async () => {
  const { time, timers } = process()
  timers.schedule(1, () => {
    throw new Error('broken')
  })
  await expect(time.advance(1)).rejects.toThrow('broken')
  await time.advance(1)
  await expect(time.advance(-1)).rejects.toThrow(/go back/)
})

test('a stopped process fires no timer, a clock may jump', async () => {
  const { time, clock, timers } = process()
  const fired: string[] = []
  timers.schedule(5, () => fired.push('timer'))
  timers.defer(() => fired.push('deferred'))
  timers.stop()
  await time.advance(10)
  expect(fired).toEqual([])
  clock.jump(-500)
  expect(clock.nowMs()).toBe(510)
  expect(clock.monotonicMs()).toBe(10)
})

test('a recording logger keeps the lines of its children', () => {
  const log = new RecordingLogger('info')
  log.child('[part]').warn('disk is full', { usableBytes: 0 })
  log.debug('not kept')
  expect(log.isEnabled('debug')).toBe(false)
  expect(log.find('full', 'warn')).toEqual([
    { level: 'warn', component: '[part]', message: 'disk is full', fields: { usableBytes: 0 } },
  ])
  expect(log.lines.length).toBe(1)
})
