import { DomainError, isFault } from '../../errors.js'
import type { AdmittedRequest } from '../calls/admission.js'
import { RetryBudget, withRetries } from '../calls/retry.js'
import { RowClock } from '../calls/row-clock.js'
import type { Route, Routing, ScorerAccess } from '../routing/routing.js'
import type { Inputs, Outputs } from '../scorer/scorer.js'

/** What the rows of one request need to reach the models. */
export interface RowAccess extends ScorerAccess {
  /** Gives rows their places in flight. */
  readonly place: AdmittedRequest
  readonly step?: string | undefined
}

/** Calls the models for the rows of one request, within its limits. */
export interface RowCalls {
  /** How many rows may be under way now. A row counts until its result is passed on. */
  window(): number
  /**
   * Scores one row, with retries. `routeAfter` chooses the route of each attempt; it gets the
   * failure of the attempt before, if any.
   * @throws the faults of Scorer and of Route.outputsOf; `model-answer-invalid` after several
   *   answers in a row that are not JSON
   */
  score(
    inputs: Inputs,
    routeAfter: (failure: unknown) => Route,
    signal: AbortSignal
  ): Promise<Outputs>
  /**
   * Call this after the last row was scored.
   * @throws `model-answer-invalid` when there were answers and none of them was JSON
   */
  checkAnswers(): void
}

export function rowCalls (
  { routes, retrySafe }: Routing,
  { scorer, place, step, rowTimeoutMs }: RowAccess
): RowCalls {
  const limits = { retrySafe, budget: new RetryBudget() }
  const clock = new RowClock(rowTimeoutMs, routes[0]!.target.model)
  const unreadable = new UnreadableAnswers()
  return {
    window: () => place.window,
    async score (inputs, routeAfter, signal) {
      const time = clock.row(signal)
      let route: Route
      try {
        const answered = await withRetries(
          failure => {
            route = routeAfter(failure)
            return place.run(
              route.target,
              () => {
                time.begin()
                return scorer.score(route.target, step, inputs, time.signal)
              },
              time.signal
            )
          },
          limits,
          time
        )
        unreadable.end()
        return route!.outputsOf(answered)
      } catch (error) {
        if (isFault(error, 'row-answer-unreadable')) unreadable.add(error, route!.target.model)
        throw error
      }
    },
    checkAnswers: () => unreadable.check()
  }
}

/** So many answers in a row that are not JSON, before any that is: no model is answering. */
const NEVER_READABLE = 3
/**
 * So many answers in a row that are not JSON, after some that were: a proxy or a restarted pod now
 * serves something else.
 */
const NOT_READABLE_ANY_MORE = 50

/**
 * Counts answers that are not JSON. A single one is a fault of its row; nothing but such answers is
 * a fault of the model.
 */
class UnreadableAnswers {
  #inARow = 0
  #hasReadable = false
  #last: DomainError | undefined

  add (error: DomainError, model: string): void {
    this.#inARow++
    this.#last = new DomainError(
      'model-answer-invalid',
      `${model}: again and again ${error.message}`,
      {
        cause: error,
        remedy:
          "look at what is served at the model's address: its image, its log, and a proxy in front of it"
      }
    )
    if (this.#inARow >= (this.#hasReadable ? NOT_READABLE_ANY_MORE : NEVER_READABLE)) {
      throw this.#last
    }
  }

  end (): void {
    this.#inARow = 0
    this.#hasReadable = true
  }

  check (): void {
    if (!this.#hasReadable && this.#last !== undefined) throw this.#last
  }
}
