import { pause } from '../../async/pause.js'
import { DomainError } from '../../domain/errors.js'
import { mayStop, visibleTo, type Asker } from '../../domain/scorings/permission.js'
import type { Replica, ToldScoring } from '../../domain/scorings/replicas.js'
import type { Scoring } from '../../domain/scorings/scoring.js'
import type { Scorings } from '../../domain/scorings/scorings.js'
import { askOthers, type OtherReplicas } from './other-replicas.js'
import { scoringAnswer } from './scoring-answer.js'

/** A scoring that the caller may see, on this replica or another one. */
export interface FoundScoring {
  read (): Promise<ToldScoring>
  /** @throws DomainError `forbidden` */
  stop (): Promise<ToldScoring>
  /** Resolves after this time, or earlier when the scoring runs here and ends. */
  wait (ms: number): Promise<void>
}

/** The caller, and the signal that ends the call. */
export interface Asking {
  readonly asker: Asker
  readonly user: string
  readonly signal: AbortSignal
}

/**
 * Finds a scoring here, else on the other replicas.
 * @throws DomainError `scoring-not-found`, also when the caller may not see the scoring;
 *   `replica-unreachable` when a replica that may have it did not answer
 */
export async function findScoring (
  id: string,
  scorings: Scorings,
  others: OtherReplicas,
  asking: Asking
): Promise<FoundScoring> {
  const own = scorings.get(id)
  if (own !== undefined && await isVisible(own, asking)) return ownScoring(own, asking)
  const { answers, silent } = await askOthers(others, async (replica, signal) => {
    const told = await replica.scoring(id, signal)
    return told === undefined ? [] : [{ replica, told }]
  }, asking.signal)
  const found = answers.find(({ told }) => told.state === 'running') ?? answers[0]
  if (found !== undefined) return scoringThere(found.replica, found.told, asking.signal)
  if (silent > 0) {
    throw new DomainError(
      'replica-unreachable',
      `the replicas that answered do not know the scoring ${id}; ${silent} did not answer`,
      { retryAfterSeconds: 2 }
    )
  }
  throw new DomainError(
    'scoring-not-found',
    `there is no scoring ${id} that runs or ended within the last hour, or it is of a model that you may not score`
  )
}

async function isVisible (scoring: Scoring, { asker, signal }: Asking): Promise<boolean> {
  return (await visibleTo(asker, [scoring], signal)).length > 0
}

function ownScoring (scoring: Scoring, { asker, user, signal }: Asking): FoundScoring {
  return {
    read: async () => scoringAnswer(scoring, user),
    async stop () {
      if (!(await mayStop(asker, scoring, signal))) {
        throw new DomainError('forbidden', `somebody else began the scoring ${scoring.id}`, {
          remedy: 'ask who began it to stop it, or somebody who may change its model'
        })
      }
      scoring.stop(JSON.stringify(user))
      return scoringAnswer(scoring, user)
    },
    wait: async ms => await Promise.race([scoring.ended, pause(ms, signal)])
  }
}

function scoringThere (replica: Replica, told: ToldScoring, signal: AbortSignal): FoundScoring {
  const orGone = (known: ToldScoring | undefined) => {
    if (known !== undefined) return known
    throw new DomainError('scoring-not-found', `the scoring ${told.id} is not known any more`)
  }
  return {
    read: async () => orGone(await replica.scoring(told.id, signal)),
    stop: async () => orGone(await replica.stop(told.id, signal)),
    wait: async ms => await pause(ms, signal)
  }
}
