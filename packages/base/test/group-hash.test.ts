import { groupHash, topicHash, uuidFromBytes, xxh3 } from '@barnabas/base'
import { expect, test } from 'vitest'

/** Made with the hashing library that Kafka uses, from bytes `i * 31 + length`. */
const HASHES: [number, string][] = [
  [0, '3244421341483603138'],
  [1, '16226181191752404715'],
  [2, '1524047482558205888'],
  [3, '12875910382279495412'],
  [4, '10052153763759781782'],
  [7, '8458189580353027099'],
  [8, '7338816517367379888'],
  [9, '13110804052079049675'],
  [15, '13356606866647221696'],
  [16, '5320234459269034259'],
  [17, '10189230009178397431'],
  [31, '17274677387612508425'],
  [32, '7907668423543410844'],
  [33, '4639374105372676892'],
  [63, '17592167600985038400'],
  [64, '1327853013434487024'],
  [65, '11207615223126185328'],
  [95, '5875428092429389113'],
  [96, '2746592136258587016'],
  [97, '12111773576479925949'],
  [127, '3568616628388616448'],
  [128, '5812963814302388527'],
  [129, '10702608806924095021'],
  [143, '11743348278808392856'],
  [144, '3382123496113159538'],
  [200, '18135300507133286296'],
  [239, '8631883997298980904'],
  [240, '9084983125367926793'],
  [241, '3585666268267129781'],
  [255, '12527597033490786440'],
  [256, '14831294255023283801'],
  [257, '14651471225946796672'],
  [320, '9448912293483453415'],
  [511, '5792708013993851139'],
  [512, '799464726305617111'],
  [1023, '9258385940791595131'],
  [1024, '5298179418285938630'],
  [1025, '10073638469549453349'],
  [1087, '14409680520078087514'],
  [1088, '5364271713644274347'],
  [1089, '7920671293529823599'],
  [2047, '14709060016101346599'],
  [2048, '12583026064503514820'],
  [2049, '14683447567669457186'],
  [5000, '12616699938096531756'],
]

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 0xff)
}

test.each(HASHES)('XXH3 of %i bytes', (length, expected) => {
  expect(xxh3(pattern(length)).toString()).toBe(expected)
})

const TOPIC_ID = uuidFromBytes(Uint8Array.from({ length: 16 }, (_, i) => i + 1))

test('the hash of a topic takes in its partitions and their racks in any order', () => {
  expect(topicHash(TOPIC_ID, 'orders', [[]])).toBe(-4897732353853479409n)
  const racks = [
    ['rack-ü', 'rack-a'],
    ['rack-a', 'rack-ü'],
  ]
  expect(topicHash(TOPIC_ID, 'orders', racks)).toBe(-7204127905672039536n)
})

test('the hash of a group takes in its topics in any order; it is 0 without topics', () => {
  expect(groupHash(new Map())).toBe(0n)
  const hash = groupHash(
    new Map([
      ['b', 2n],
      ['a', 1n],
    ]),
  )
  expect(
    groupHash(
      new Map([
        ['a', 1n],
        ['b', 2n],
      ]),
    ),
  ).toBe(hash)
  expect(groupHash(new Map([['t2ключ', 0n]]))).toBe(-4072596861322023719n)
})
