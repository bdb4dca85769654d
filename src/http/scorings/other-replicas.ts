import { timeLimit } from '../../async/time-limit.js'
import { isFault } from '../../domain/errors.js'
import type { Replica, Replicas } from '../../domain/scorings/replicas.js'

/** Time limit for the replicas' answers, since the caller waits for all of them. */
const ANSWER_MS = 2_000

/** The replicas to ask on behalf of this caller. */
export interface OtherReplicas {
  /** Undefined when this replica is alone, or was asked to answer for itself. */
  readonly replicas: Replicas | undefined
  /** The caller's header of that name. */
  readonly authorization: string | undefined
}

export interface Told<Answer> {
  readonly answers: readonly Answer[]
  /** The number of replicas that did not answer. */
  readonly silent: number
}

/** Asks all other replicas at once. @throws the refusal of any of them */
export async function askOthers<Answer> (
  { replicas, authorization }: OtherReplicas,
  ask: (replica: Replica, signal: AbortSignal) => Promise<readonly Answer[]>,
  signal: AbortSignal
): Promise<Told<Answer>> {
  if (replicas === undefined) return { answers: [], silent: 0 }
  const limit = timeLimit(signal, ANSWER_MS)
  try {
    const others = await replicas.others(authorization).catch(unlessSilent)
    if (others === undefined) return { answers: [], silent: 1 }
    const told = await Promise.all(
      others.map(async replica => await ask(replica, limit.signal).catch(unlessSilent))
    )
    signal.throwIfAborted()
    return {
      answers: told.flatMap(answers => answers ?? []),
      silent: told.filter(answers => answers === undefined).length
    }
  } finally {
    limit.end()
  }
}

function unlessSilent (error: unknown): undefined {
  if (!isFault(error, 'replica-unreachable')) throw error
}
