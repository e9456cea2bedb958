/**
 * The listeners of a broker as its settings describe them: where each listens, which security protocol it
 * speaks, and what clients are told to connect to. Everything that is wrong is said at once.
 */
import type { Endpoint } from '@barnabas/base'
import { type BrokerConfig, ConfigError, nearestName } from '@barnabas/metadata'
import type { SecurityProtocol } from '../request/request-context.ts'

export interface ListenerSettings {
  /** In capitals, as Kafka writes it. */
  readonly name: string
  readonly kind: 'broker' | 'controller'
  /** Empty: all addresses of the machine. */
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
  readonly securityProtocol: SecurityProtocol
  /** From `advertised.listeners`; null when nothing is said there. */
  readonly advertised: Endpoint | null
}

export interface BrokerListeners {
  readonly all: readonly ListenerSettings[]
  /** Name of the one that brokers use among themselves; null when the node is no broker. */
  readonly interBroker: string | null
}

interface NamedEndpoint extends Endpoint {
  name: string
}

const FORM = /^([^:/]+):\/\/(?:\[([0-9a-fA-F:.%\w]*)\]|([^[\]:]*)):(\d{1,5})$/
const PROTOCOLS: readonly string[] = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']
const MAX_PORT = 65535
const EVERYWHERE = new Set(['0.0.0.0', '::', '0:0:0:0:0:0:0:0'])

export function parseListeners(config: BrokerConfig): BrokerListeners {
  const problems: string[] = []
  const listening = parseEndpoints('listeners', config.get('listeners'), problems)
  const advertised = parseEndpoints(
    'advertised.listeners',
    config.get('advertised.listeners') ?? [],
    problems,
  )
  const controllers = new Set(config.get('controller.listener.names').map(upper))
  const protocols = protocolMap(config, controllers, problems)
  checkDistinct(listening, problems)
  checkAdvertised(advertised, listening, controllers, problems)
  const all = listening.map(({ name, host, port }): ListenerSettings => {
    const protocol = protocols.get(name)
    if (protocol === undefined) problems.push(noProtocol(name, protocols))
    const told = advertised.find((endpoint) => endpoint.name === name)
    return {
      name,
      kind: controllers.has(name) ? 'controller' : 'broker',
      host,
      port,
      securityProtocol: protocol ?? 'PLAINTEXT',
      advertised: told === undefined ? null : { host: told.host, port: told.port },
    }
  })
  const interBroker = interBrokerListener(config, all, problems)
  if (problems.length > 0) throw new ConfigError(problems.join('\n'))
  return { all, interBroker }
}

/**
 * What a client that came in by `reached` is told to connect to. Without a word on it in the settings that
 * is the address it has just used: it certainly works for this client.
 */
export function advertisedEndpoint(
  listener: ListenerSettings,
  boundPort: number,
  reached: Endpoint,
): Endpoint {
  const { advertised, host } = listener
  if (advertised !== null) {
    return advertised.port === 0 ? { host: advertised.host, port: boundPort } : advertised
  }
  if (host !== '' && !EVERYWHERE.has(host)) return { host, port: boundPort }
  return { host: withoutMapping(reached.host), port: boundPort }
}

/** An IPv4 address in the form that IPv6 sockets give it, back in its own. */
function withoutMapping(host: string): string {
  return host.startsWith('::ffff:') && host.includes('.') ? host.slice('::ffff:'.length) : host
}

function parseEndpoints(
  setting: string,
  texts: readonly string[],
  problems: string[],
): NamedEndpoint[] {
  const endpoints: NamedEndpoint[] = []
  for (const text of texts) {
    const match = FORM.exec(text)
    const port = Number(match?.[4])
    if (match === null || port > MAX_PORT) {
      problems.push(`${setting}: '${text}' is not of the form NAME://host:port`)
      continue
    }
    endpoints.push({ name: upper(match[1]!), host: match[2] ?? match[3]!, port })
  }
  return endpoints
}

/** Names to protocols. Controller listeners are in plain text unless the settings say otherwise. */
function protocolMap(
  config: BrokerConfig,
  controllers: ReadonlySet<string>,
  problems: string[],
): Map<string, SecurityProtocol> {
  const setting = 'listener.security.protocol.map'
  const protocols = new Map<string, SecurityProtocol>()
  for (const pair of config.get(setting).split(',')) {
    if (pair.trim() === '') continue
    const at = pair.lastIndexOf(':')
    const protocol = upper(pair.slice(at + 1))
    if (at <= 0 || !PROTOCOLS.includes(protocol)) {
      const hint = nearestName(protocol, PROTOCOLS)
      problems.push(
        `${setting}: '${pair.trim()}' is not of the form NAME:PROTOCOL with one of ${PROTOCOLS.join(', ')}${hint === null ? '' : `; did you mean '${hint}'?`}`,
      )
      continue
    }
    protocols.set(upper(pair.slice(0, at)), protocol as SecurityProtocol)
  }
  if (!config.isGiven(setting)) {
    for (const name of controllers) if (!protocols.has(name)) protocols.set(name, 'PLAINTEXT')
  }
  return protocols
}

function noProtocol(name: string, protocols: ReadonlyMap<string, SecurityProtocol>): string {
  const nearest = nearestName(name, protocols.keys())
  const hint = nearest === null ? '' : `; did you mean '${nearest}'?`
  return `listeners: no security protocol is known for ${name}${hint} Add ${name}:PLAINTEXT (or SSL, SASL_PLAINTEXT, SASL_SSL) to listener.security.protocol.map`
}

function checkDistinct(listening: readonly NamedEndpoint[], problems: string[]): void {
  for (const [at, one] of listening.entries()) {
    for (const other of listening.slice(at + 1)) {
      if (one.name === other.name) {
        problems.push(`listeners: the name ${one.name} stands there more than once`)
      } else if (one.port === other.port && one.port !== 0 && mayCollide(one.host, other.host)) {
        problems.push(`listeners: ${one.name} and ${other.name} have the same port ${one.port}`)
      }
    }
  }
}

/** One port serves twice only on an IPv4 and an IPv6 address, as in Kafka. */
function mayCollide(one: string, other: string): boolean {
  const isIp4 = (host: string) => /^\d+\.\d+\.\d+\.\d+$/.test(host)
  const isIp6 = (host: string) => host.includes(':')
  return !((isIp4(one) && isIp6(other)) || (isIp6(one) && isIp4(other)))
}

function checkAdvertised(
  advertised: readonly NamedEndpoint[],
  listening: readonly NamedEndpoint[],
  controllers: ReadonlySet<string>,
  problems: string[],
): void {
  for (const { name, host } of advertised) {
    if (controllers.has(name)) {
      problems.push(
        `advertised.listeners: ${name} is a controller listener, these are not advertised`,
      )
    } else if (!listening.some((endpoint) => endpoint.name === name)) {
      problems.push(`advertised.listeners: ${name} is not one of the listeners`)
    }
    if (host === '' || EVERYWHERE.has(host)) {
      problems.push(
        `advertised.listeners: '${host}' of ${name} is no address a client can connect to; give a name or an address that clients reach, or leave ${name} out`,
      )
    }
  }
}

function interBrokerListener(
  config: BrokerConfig,
  all: readonly ListenerSettings[],
  problems: string[],
): string | null {
  if (!config.get('process.roles').includes('broker')) return null
  const brokers = all.filter(({ kind }) => kind === 'broker')
  if (brokers.length === 0) {
    problems.push('listeners: a broker needs one that is not in controller.listener.names')
    return null
  }
  const named = config.get('inter.broker.listener.name')
  if (named !== null) {
    if (!brokers.some(({ name }) => name === upper(named))) {
      problems.push(`inter.broker.listener.name: ${named} is not one of the listeners`)
    }
    return upper(named)
  }
  const protocol = config.get('security.inter.broker.protocol')
  const first = brokers.find(({ securityProtocol }) => securityProtocol === protocol) ?? brokers[0]!
  return first.name
}

function upper(name: string): string {
  return name.trim().toUpperCase()
}

/** What is set for one listener alone, as `listener.name.<name>.<setting>`; null when nothing is. */
export function listenerText(
  config: BrokerConfig,
  listener: string,
  setting: string,
): string | null {
  return config.givenText(`listener.name.${listener.toLowerCase()}.${setting}`)
}
