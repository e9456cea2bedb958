/**
 * An exclusive lock on a file between processes. Node.js has no call for the system's own file locks, so
 * the file itself says who holds it: one line for each claim, appended.
 *
 *   1. append a claim: process id, start time of the process, boot of the machine, random name
 *   2. read the file: the first claim of a process that still lives holds the lock
 *   3. if that is another one, append that the own claim is given up
 *   4. unlock empties the file
 *
 * Lines never change their order and the dead never come back, so two processes that read at any moment
 * agree on the holder. A killed process needs no clean-up: its claim is passed over, also when its id
 * has been given to another process, which has another start time. Empty and foreign content is free:
 * Apache Kafka leaves an empty file behind.
 *
 * Windows of time: a claim that is appended between the holder's reading and its emptying of the file is
 * lost; its owner notices that in step 2 and claims again.
 *
 * It does not see holders on other machines, nor in other containers with their own process ids.
 */
import { randomBytes } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { assert } from '@barnabas/base'
import { codeOf } from './file-errors.ts'
import { LOCK_CLAIMS_MAX } from './limits.ts'
import { currentProcess, isLockedBySystem, type ProcessIdentity, stillLives } from './processes.ts'

interface Claim extends ProcessIdentity {
  name: string
}

export async function acquireLock(path: string): Promise<{ unlock(): Promise<void> } | null> {
  for (let attempt = 0; attempt < LOCK_CLAIMS_MAX; attempt++) {
    const claim: Claim = { ...(await currentProcess()), name: randomBytes(8).toString('hex') }
    const line = `claim ${claim.processId} ${claim.startTime} ${claim.boot} ${claim.name}`
    await append(path, line)
    if (await isLockedBySystem(path)) {
      await append(path, `give-up ${claim.name}`)
      return null // a running Apache Kafka holds it
    }
    const holder = await holderOf(path)
    if (holder === claim.name) return heldLock(path)
    if (holder !== null) {
      await append(path, `give-up ${claim.name}`)
      return null
    }
  }
  assert(false, `${path} is emptied as often as it is claimed`)
}

function heldLock(path: string): { unlock(): Promise<void> } {
  let held = true
  return {
    async unlock() {
      if (!held) return
      held = false
      await fs.truncate(path, 0).catch((error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw error
      })
    },
  }
}

async function append(path: string, line: string): Promise<void> {
  await fs.appendFile(path, `${line}\n`)
}

/** Name of the claim that holds the lock; null when there is none. */
async function holderOf(path: string): Promise<string | null> {
  const claims: Claim[] = []
  const givenUp = new Set<string>()
  for (const line of (await fs.readFile(path, 'latin1')).split('\n')) {
    const [kind, first, startTime, boot, name] = line.split(' ')
    if (kind === 'give-up' && first !== undefined) givenUp.add(first)
    if (kind !== 'claim' || first === undefined || boot === undefined) continue
    if (startTime === undefined || name === undefined) continue
    claims.push({ processId: Number(first), startTime, boot, name })
  }
  for (const claim of claims) {
    if (!givenUp.has(claim.name) && (await stillLives(claim))) return claim.name
  }
  return null
}
