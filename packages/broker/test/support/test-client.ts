/** A plain client: one connection on which messages are sent and their answers awaited. */
import { BufferPool, type Endpoint, type World } from '@barnabas/base'
import { ClientConnection } from '@barnabas/network'
import { apiByKey, type MessageType, Writer, writeRequestHeader } from '@barnabas/protocol'
import { decodeResponse } from './test-exchange.ts'

export class TestClient {
  readonly connection: ClientConnection
  closed = false
  private correlationId = 0

  private constructor(connection: ClientConnection) {
    this.connection = connection
  }

  static async connect(world: World, to: Endpoint): Promise<TestClient> {
    const channel = await world.transport.connect(to)
    const client: TestClient = new TestClient(
      new ClientConnection({
        channel,
        pool: new BufferPool(1 << 20),
        timers: world.timers,
        maxResponseBytes: 1 << 28,
        onClose: () => {
          client.closed = true
        },
      }),
    )
    return client
  }

  async send<Request, Response>(
    request: MessageType<Request>,
    response: MessageType<Response>,
    version: number,
    init: Partial<Request> = {},
  ): Promise<Response> {
    const id = ++this.correlationId
    const frame = await this.connection.send(id, this.encode(request, version, init), 60_000)
    // A copy, since what is decoded may hold views.
    const bytes = Buffer.from(frame.buffer.subarray(frame.start, frame.end))
    frame.release()
    return decodeResponse(bytes, response, version)
  }

  sendOnly<Request>(request: MessageType<Request>, version: number, init: Partial<Request>): void {
    this.correlationId++
    this.connection.sendOnly(this.encode(request, version, init))
  }

  close(): void {
    this.connection.close()
  }

  private encode<T>(type: MessageType<T>, version: number, init: Partial<T>): Uint8Array[] {
    const writer = new Writer()
    writeRequestHeader(writer, apiByKey(type.apiKey)!, version, this.correlationId, 'test-client')
    type.write(writer, type.create(init), version)
    return writer.finish()
  }
}
