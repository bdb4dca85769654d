import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Static, TObject } from 'typebox'
import { DomainError } from '../../domain/errors.js'
import type { Admission, AdmittedRequest } from '../../domain/scoring/calls/admission.js'
import type { ScoringPorts } from '../../domain/scoring/routing/model-routing.js'
import type { Scoring, ScoringKind } from '../../domain/scorings/scoring.js'
import type { Scorings } from '../../domain/scorings/scorings.js'
import { callerName } from '../caller.js'
import { callerSignal } from '../caller-signal.js'
import { onClose } from '../on-close.js'
import type { SpoolArea } from '../transfer/spool-area.js'
import { openUpload, type Upload, type UploadLimits } from '../transfer/upload.js'
import { deadline } from './deadline.js'
import { logProgress } from './log-progress.js'
import { formOptions } from './score-options.js'

/** What the scoring calls need from the service. */
export interface ScoringService extends ScoringPorts {
  readonly admission: Admission
  readonly scorings: Scorings
  readonly spoolArea: SpoolArea
  readonly upload: UploadLimits
  readonly holdMs: number
  /** Fires when the service has to end what still runs. */
  readonly abandon: AbortSignal
  readonly isStopping: () => boolean
}

/** Refuses calls that may wake a model and wait for it while the service stops. */
export function refuseWhileStopping (app: FastifyInstance, isStopping: () => boolean): void {
  app.addHook('onRequest', async () => {
    if (isStopping()) {
      throw new DomainError('service-stopping', 'this replica is shutting down', {
        retryAfterSeconds: 1
      })
    }
  })
}

/** A call whose file is found, whose options are known, and which holds a place. */
export interface ScoringCall<Options> {
  readonly scoring: Scoring
  readonly upload: Upload
  /** Options of the query and of the form's fields. */
  readonly given: Options
  readonly place: AdmittedRequest
  /**
   * Fires when the caller is gone, its time is over, somebody stops the scoring, or the service
   * ends what still runs.
   */
  readonly signal: AbortSignal
}

/** What a call is, before its file. */
export interface CallOf<Options extends TObject> {
  readonly kind: ScoringKind
  readonly model: string
  readonly options: Options
}

/**
 * Runs a call that scores a file, as a scoring that others see. Finds the file and the options, and
 * lets it in among those that are being scored; `work` has to see to the scoring's end, unless it
 * throws.
 * @throws DomainError those of `openUpload` and of `work`; `request-invalid`; `service-busy`
 */
export async function runScoring<Options extends TObject> (
  request: FastifyRequest,
  reply: FastifyReply,
  service: ScoringService,
  { kind, model, options }: CallOf<Options>,
  work: (call: ScoringCall<Static<Options>>) => Promise<FastifyReply>
): Promise<FastifyReply> {
  const user = callerName(request)
  const scoring = service.scorings.begin({ id: request.id, kind, model, user })
  void reply.header('scoring-id', scoring.id)
  logProgress(scoring, request.log)
  try {
    return await work(await openCall(request, reply, service, options, scoring))
  } catch (error) {
    scoring.fail(error)
    throw error
  }
}

async function openCall<Options extends TObject> (
  request: FastifyRequest,
  reply: FastifyReply,
  { abandon, admission, spoolArea, upload: limits }: ScoringService,
  options: Options,
  scoring: Scoring
): Promise<ScoringCall<Static<Options>>> {
  const { signal, after } = deadline(reply, callerSignal(reply, abandon), scoring.stopped)
  const upload = await openUpload(request, limits, spoolArea, signal)
  scoring.arrival = upload
  const inForm = formOptions(request, upload, options)
  const given = { ...(request.query as Static<Options>), ...inForm }
  const { timeout, concurrency } = given as { timeout?: number; concurrency?: number }
  after(timeout)
  return { scoring, upload, given, signal, place: takePlace(reply, admission, concurrency) }
}

const places = new WeakMap<FastifyRequest, AdmittedRequest>()

/** Lets a request in, until its answer is over at the latest. */
function takePlace (
  reply: FastifyReply,
  admission: Admission,
  concurrency: number | undefined
): AdmittedRequest {
  const place = admission.enter(concurrency)
  places.set(reply.request, place)
  onClose(reply.raw, () => {
    place.leave()
  })
  return place
}

/** A failed request gives its place back, even while its body is still coming. */
export function leavePlace (request: FastifyRequest): void {
  places.get(request)?.leave()
}
