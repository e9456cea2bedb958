/**
 * Which processes live, told apart even when the system uses a process id again. Complete on Linux, where
 * `/proc` knows start times; elsewhere only the id counts.
 */
import { promises as fs } from 'node:fs'
import { codeOf } from './file-errors.ts'

export interface ProcessIdentity {
  processId: number
  /** Clock ticks from the boot to the start of the process; `-` where that cannot be known. */
  startTime: string
  /** Names one run of the machine; `-` where that cannot be known. */
  boot: string
}

const UNKNOWN = '-'

export async function currentProcess(): Promise<ProcessIdentity> {
  const { pid } = process
  return {
    processId: pid,
    startTime: (await processStatus(pid))?.startTime ?? UNKNOWN,
    boot: await currentBoot(),
  }
}

export async function stillLives(identity: ProcessIdentity): Promise<boolean> {
  const boot = await currentBoot()
  if (identity.boot !== UNKNOWN && boot !== UNKNOWN && identity.boot !== boot) return false
  const status = await processStatus(identity.processId)
  if (status !== null) {
    if (status.isDead) return false
    return identity.startTime === UNKNOWN || identity.startTime === status.startTime
  }
  return respondsToSignal(identity.processId)
}

/**
 * Whether some process holds one of the system's own locks on a file, as a Java program does. Known on
 * Linux only.
 */
export async function isLockedBySystem(path: string): Promise<boolean> {
  const locks = await readText('/proc/locks')
  if (locks === null || locks === '') return false
  const { dev, ino } = await fs.stat(path)
  const major = ((dev >>> 8) & 0xfff).toString(16).padStart(2, '0')
  const minor = ((dev & 0xff) | ((dev >>> 12) & 0xfff00)).toString(16).padStart(2, '0')
  return locks.includes(` ${major}:${minor}:${ino} `)
}

async function processStatus(id: number): Promise<{ startTime: string; isDead: boolean } | null> {
  const text = await readText(`/proc/${id}/stat`)
  if (text === null) return null
  // The name stands in parentheses and may itself contain spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const state = fields[0]
  return { startTime: fields[19] ?? UNKNOWN, isDead: state === 'Z' || state === 'X' }
}

async function currentBoot(): Promise<string> {
  return (await readText('/proc/sys/kernel/random/boot_id'))?.trim() || UNKNOWN
}

function respondsToSignal(id: number): boolean {
  try {
    return process.kill(id, 0)
  } catch (error) {
    return codeOf(error) === 'EPERM' // it lives and is another user's
  }
}

async function readText(path: string): Promise<string | null> {
  try {
    return await fs.readFile(path, 'latin1')
  } catch {
    return null
  }
}
