/**
 * From the socket to the page cache: receives frames, computes their CRC-32C, writes them to a file with
 * `writevSync` and answers; a child process sends. Prints CPU milliseconds and throughput of this process,
 * next to a peer that does the same in the usual way (`data` events, `Buffer.concat`).
 *
 *   node tools/run.mjs benchmarks/frames.ts [seconds per measurement, 2] [part of a case's name]
 */
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writevSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BufferPool, crc32c, type Timers } from '@barnabas/base'
import { createTransport } from '@barnabas/host'
import { DEFAULT_MAX_REQUEST_BYTES, type Frame, ServerConnection } from '@barnabas/network'

interface Case {
  name: string
  frameBytes: number
  /** Frames sent and not yet answered. */
  window: number
}

const CASES: readonly Case[] = [
  { name: '1 MiB frames, 5 in flight', frameBytes: 1 << 20, window: 5 },
  { name: '16 KiB frames, 16 in flight', frameBytes: 16 << 10, window: 16 },
  { name: '300 B frames, 500 in flight', frameBytes: 300, window: 500 },
  { name: '300 B frames, one at a time', frameBytes: 300, window: 1 },
]

const ANSWER_BYTES = 8
/** The file is written in a circle, so that the page cache holds all of it. */
const FILE_BYTES = 256 << 20

/** What both servers do with a frame. */
class PageCache {
  frames = 0
  bytes = 0
  private readonly directory = mkdtempSync(join(tmpdir(), 'frames-'))
  private readonly file = openSync(join(this.directory, 'log'), 'w+')
  private readonly answer = Buffer.alloc(ANSWER_BYTES)
  private position = 0

  append(frame: Buffer): Buffer {
    this.answer.writeUInt32BE(crc32c(frame), 4)
    if (this.position + frame.length > FILE_BYTES) this.position = 0
    writevSync(this.file, [frame], this.position)
    this.position += frame.length
    this.frames++
    this.bytes += frame.length
    return this.answer
  }

  close(): void {
    closeSync(this.file)
    rmSync(this.directory, { recursive: true })
  }
}

interface Server {
  port: number
  close(): Promise<void>
}

const time = { nowMs: () => Date.now(), monotonicMs: () => performance.now() }
const timers: Timers = {
  schedule(delayMs, fire) {
    const timer = setTimeout(fire, delayMs)
    return { cancel: () => clearTimeout(timer) }
  },
  defer: (run) => void setImmediate(run),
}

async function serveBarnabas(pageCache: PageCache): Promise<Server> {
  const pool = new BufferPool(64 << 20)
  const onRequest = (connection: ServerConnection, frame: Frame) => {
    const answer = Buffer.from(pageCache.append(frame.bytes()))
    frame.release()
    connection.respond([answer])
  }
  const at = { host: '127.0.0.1', port: 0 }
  const listener = await createTransport().listen(at, (channel) => {
    const maxRequestBytes = DEFAULT_MAX_REQUEST_BYTES
    new ServerConnection({
      channel,
      pool,
      clock: time,
      timers,
      maxRequestBytes,
      onRequest,
      onClose: () => {},
    }).start()
  })
  return { port: listener.address.port, close: () => listener.close() }
}

async function serveNaive(pageCache: PageCache): Promise<Server> {
  const server = net.createServer({ noDelay: true }, (socket) => {
    let pending = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk])
      while (pending.length >= 4) {
        const end = 4 + pending.readInt32BE()
        if (pending.length < end) break
        const answer = pageCache.append(pending.subarray(4, end))
        pending = pending.subarray(end)
        const head = Buffer.alloc(4)
        head.writeInt32BE(answer.length)
        socket.write(Buffer.concat([head, answer]))
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => new Promise<void>((resolve) => void server.close(() => resolve()))
  return { port: (server.address() as net.AddressInfo).port, close }
}

/** The child process: keeps `window` frames in flight until its connection is closed. */
function send(port: number, frameBytes: number, window: number): void {
  const frame = Buffer.alloc(4 + frameBytes, 'x')
  frame.writeInt32BE(frameBytes)
  const many = Buffer.concat(Array.from({ length: frameBytes > 10_000 ? 1 : window }, () => frame))
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
  let received = 0
  const fill = (count: number) => {
    for (let left = count; left > 0; ) {
      const now = Math.min(left, many.length / frame.length)
      socket.write(many.subarray(0, now * frame.length))
      left -= now
    }
  }
  socket.on('connect', () => fill(window))
  socket.on('data', (chunk) => {
    received += chunk.length
    const answers = Math.floor(received / (4 + ANSWER_BYTES))
    received -= answers * (4 + ANSWER_BYTES)
    fill(answers)
  })
  socket.on('error', () => {})
}

async function measure(
  serve: (pageCache: PageCache) => Promise<Server>,
  { frameBytes, window }: Case,
  seconds: number,
): Promise<string> {
  const pageCache = new PageCache()
  const server = await serve(pageCache)
  const program = [...process.execArgv, fileURLToPath(import.meta.url), 'send']
  const numbers = [server.port, frameBytes, window].map(String)
  const child = spawn(process.execPath, [...program, ...numbers], { stdio: 'inherit' })
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  while (pageCache.frames === 0) await wait(10)
  await wait(500) // until everything is compiled and the buffers are warm
  const { frames, bytes } = pageCache
  const cpu = process.cpuUsage()
  const start = performance.now()
  await wait(seconds * 1000)
  const elapsedMs = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  const megabytes = (pageCache.bytes - bytes) / 1e6
  const count = pageCache.frames - frames
  child.kill()
  await new Promise((resolve) => child.once('exit', resolve))
  await server.close()
  pageCache.close()
  const cpuMs = (user + system) / 1000
  return [
    `${(cpuMs / megabytes).toFixed(2).padStart(8)} CPU-ms/MB`,
    `${((cpuMs * 1000) / count).toFixed(1).padStart(8)} CPU-us/frame`,
    `${(megabytes / (elapsedMs / 1000)).toFixed(0).padStart(6)} MB/s`,
    `${(count / (elapsedMs / 1000)).toFixed(0).padStart(7)} frames/s`,
  ].join('  ')
}

if (process.argv[2] === 'send') {
  const [port, frameBytes, window] = process.argv.slice(3).map(Number)
  send(port!, frameBytes!, window!)
} else {
  const seconds = Number(process.argv[2] ?? 2)
  const part = process.argv[3] ?? ''
  for (const one of CASES.filter(({ name }) => name.includes(part))) {
    console.log(one.name)
    console.log(`  barnabas  ${await measure(serveBarnabas, one, seconds)}`)
    console.log(`  naive     ${await measure(serveNaive, one, seconds)}`)
  }
}
