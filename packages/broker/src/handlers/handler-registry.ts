/** The handlers of one kind of listener: what ApiVersions announces, and who serves a request. */
import { assert } from '@barnabas/base'
import {
  type ApiDescriptor,
  type ApiVersionsResponseApiVersion,
  apiByKey,
  createApiVersionsResponseApiVersion,
} from '@barnabas/protocol'
import type { Handler } from './handler.ts'

export type ListenerKind = 'broker' | 'controller'

export interface RegistryOptions {
  listener: ListenerKind
  /** `unstable.api.versions.enable`: serves also versions that may still change. */
  unstableVersions?: boolean
}

export interface Served {
  readonly api: ApiDescriptor
  readonly handler: Handler
  readonly minVersion: number
  readonly maxVersion: number
}

export class HandlerRegistry {
  /** By API key. */
  private readonly served: (Served | undefined)[] = []

  constructor(handlers: readonly Handler[], options: RegistryOptions) {
    for (const handler of handlers) this.add(handler, options)
  }

  /** Undefined when nobody serves the key here. */
  find(apiKey: number): Served | undefined {
    return this.served[apiKey]
  }

  /** In the order of their keys. */
  get all(): Served[] {
    return this.served.filter((served) => served !== undefined)
  }

  /** What ApiVersions says, newly made. */
  announced(): ApiVersionsResponseApiVersion[] {
    return this.all.map(({ api, handler, minVersion, maxVersion }) =>
      createApiVersionsResponseApiVersion({
        apiKey: api.key,
        minVersion: handler.announcedMinVersion ?? minVersion,
        maxVersion,
      }),
    )
  }

  private add(handler: Handler, options: RegistryOptions): void {
    const { request, response, versions } = handler
    const api = apiByKey(request.apiKey)
    assert(api !== undefined, `${request.name}: the protocol has no API key ${request.apiKey}`)
    assert(response.apiKey === api.key, `${api.name}: ${response.name} is not its response`)
    assert(this.served[api.key] === undefined, `${api.name} has two handlers`)
    if (!api.listeners.includes(options.listener)) return
    const { minVersion } = request
    let { maxVersion } = request
    if (api.latestVersionUnstable && !options.unstableVersions) maxVersion--
    const min = Math.max(minVersion, versions?.[0] ?? minVersion)
    const max = Math.min(maxVersion, versions?.[1] ?? maxVersion)
    // An API all of whose versions are unstable is not served.
    if (min <= max) this.served[api.key] = { api, handler, minVersion: min, maxVersion: max }
  }
}
