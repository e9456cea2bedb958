/**
 * Keeps the process running while somebody waits for the client. Its timers do not, and between two
 * connections nothing else does: a consumer that waits to reconnect would end its process without a word.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads'

export class KeepAlive {
  private port: MessagePort | null = null
  private holds = 0

  hold(): void {
    this.holds++
    if (this.port === null) {
      this.port = new MessageChannel().port1
      this.port.on('message', () => {})
    }
    if (this.holds === 1) this.port.ref()
  }

  release(): void {
    this.holds--
    if (this.holds === 0) this.port?.unref()
  }

  dispose(): void {
    this.port?.close()
    this.port = null
  }
}
