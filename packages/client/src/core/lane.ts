/**
 * Requests of one lane share a connection to each broker. A broker answers a connection's requests in
 * order, so what may wait long (a fetch, a join) does not share a lane with what must not wait.
 */
import { LANE_MAX_IN_FLIGHT } from '../limits.ts'

export class Lane {
  readonly name: string
  readonly maxInFlight: number

  constructor(name: string, maxInFlight: number = LANE_MAX_IN_FLIGHT) {
    this.name = name
    this.maxInFlight = maxInFlight
  }
}
