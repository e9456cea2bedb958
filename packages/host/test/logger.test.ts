import { createHostWorld, createLogger } from '@barnabas/host'
import { expect, test } from 'vitest'

const AT_MS = new Date(2026, 10, 25, 4, 0, 9, 7).getTime()

function logger(format: 'text' | 'json' = 'text') {
  const lines: string[] = []
  const clock = { nowMs: () => AT_MS, monotonicMs: () => 0 }
  const output = { write: (line: string) => lines.push(line) }
  return { lines, log: createLogger({ clock, format, output }) }
}

test('lines look like those of Apache Kafka', () => {
  const { lines, log } = logger()
  log.info('started')
  log.child('[group-coordinator p=12]').warn('late', { timeMs: 8, of: undefined, big: 3n })
  log
    .child('broker 1')
    .child('log')
    .error('broken', { partitions: ['a-0'], none: null })
  log.debug('hidden')
  expect(lines).toEqual([
    '[2026-11-25 04:00:09,007] INFO started\n',
    '[2026-11-25 04:00:09,007] WARN [group-coordinator p=12] late (timeMs=8, big=3)\n',
    '[2026-11-25 04:00:09,007] ERROR [broker 1] [log] broken (partitions=["a-0"], none=null)\n',
  ])
})

test('an error comes with its frames and its cause', () => {
  const { lines, log } = logger()
  log.error('failed', { error: new Error('outer', { cause: new TypeError('inner') }) })
  const [head, ...rest] = lines[0]!.trimEnd().split('\n')
  expect(head).toBe('[2026-11-25 04:00:09,007] ERROR failed (error=Error: outer)')
  expect(rest).toContain('Caused by: TypeError: inner')
  expect(rest.filter((line) => !/^(\tat |Caused by: )/.test(line))).toEqual([])
})

test('text from outside cannot forge a line', () => {
  const { lines, log } = logger()
  log.child('client\u2028').info('name\n[2026', { id: 'x\r\n\u0000\u001b[31m' })
  expect(lines[0]!.trimEnd().split(/[\r\n\u2028]/).length).toBe(1)
  expect(lines[0]).toContain('name\\n[2026 (id=x\\r\\n\\u0000\\u001b[31m)')
})

test('levels change at run time, for all or for one component', () => {
  const { log } = logger()
  const coordinator = log.child('broker 1').child('[group-coordinator p=3]')
  const other = log.child('log')
  expect(coordinator.isEnabled('debug')).toBe(false)
  log.setLevel('trace', 'group-coordinator')
  expect(coordinator.isEnabled('trace')).toBe(true)
  expect(other.isEnabled('debug')).toBe(false)
  log.setLevel('error')
  expect(other.isEnabled('warn')).toBe(false)
  expect(coordinator.isEnabled('debug')).toBe(true)
  log.setLevel(null, 'group-coordinator')
  expect(coordinator.isEnabled('warn')).toBe(false)
})

test('JSON lines hold the same', () => {
  const { lines, log } = logger('json')
  const circular: Record<string, unknown> = {}
  circular.self = circular
  log.child('[log]').error('failed', { offset: 2n ** 60n, error: new RangeError('far') })
  log.info('plain')
  const [failed, plain] = lines.map((line) => JSON.parse(line))
  expect(failed).toMatchObject({
    time: new Date(AT_MS).toISOString(),
    level: 'error',
    component: '[log]',
    fields: { offset: '1152921504606846976', error: { name: 'RangeError', message: 'far' } },
  })
  expect(plain.fields).toBe(undefined)
  log.info('cycle', { circular })
  expect(JSON.parse(lines[2]!).fields).toEqual({ circular: '[not printable]' })
})

test('the world of the host has every port', () => {
  const lines: string[] = []
  const world = createHostWorld({ logLevel: 'warn', logOutput: { write: (l) => lines.push(l) } })
  world.log.info('no')
  world.log.warn('yes')
  expect(lines.length).toBe(1)
  const log = world.log.child('x')
  expect(createHostWorld({ log }).log).toBe(log)
  expect(Math.abs(world.clock.nowMs() - Date.now())).toBeLessThan(5000)
})
