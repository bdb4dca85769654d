import type { FastifyReply } from 'fastify'
import type { Counts } from '../../domain/scoring/answer/counts.js'
import type { ScoredFile } from '../../domain/scoring/scored-file.js'
import { callerName } from '../caller.js'
import { headerList, headerText } from '../transfer/header-text.js'
import { encodePieces, sendAnswer } from '../transfer/score-answer.js'
import { contentTypeOf } from './negotiation.js'
import type { ScoringCall, ScoringService } from './scoring-call.js'

export interface Sending {
  /** The revisions that scored, for the log; default: those that the counts have. */
  readonly revisions?: ReadonlyArray<string | undefined>
  /**
   * How long the status is held after the upload's end. Infinity holds it until all is scored, so
   * that the counts are in the headers.
   */
  readonly holdMs: number
}

/**
 * Sends the answer of a scored file with the headers that describe it, and logs the outcome.
 */
export async function sendScored (
  reply: FastifyReply,
  { spoolArea }: ScoringService,
  { scoring, upload, signal }: Pick<ScoringCall<unknown>, 'scoring' | 'upload' | 'signal'>,
  file: ScoredFile,
  { revisions, holdMs }: Sending
): Promise<FastifyReply> {
  const { format, dialect, counts } = file
  const { log } = reply.request
  const { model, kind } = scoring
  const finish = (bytesOut: number) => {
    scoring.finish(file.isOneRow)
    const { rows, failed, undeclared } = counts
    log.info(
      {
        user: callerName(reply.request),
        model,
        revision: revisions ?? [...counts.revisions.keys()],
        rows,
        rowsFailed: failed,
        bytesIn: upload.size(),
        bytesOut,
        durationMs: reply.elapsedTime,
        ...(undeclared.size > 0 ? { undeclaredOutputs: [...undeclared] } : {})
      },
      `${kind} finished`
    )
  }
  const begin = (isWhole: boolean) => {
    renamedHeader(reply, counts)
    if (isWhole) countHeaders(reply, counts)
  }

  factHeaders(reply, file)
  void reply.type(contentTypeOf(format, dialect))
  if (file.isOneRow) {
    let text = ''
    for await (const piece of file.pieces) text += piece
    begin(true)
    finish(text.length)
    return reply.send(text)
  }
  const pieces = encodePieces(file.pieces, format, dialect)
  const hold = { uploadEnded: upload.ended, holdMs }
  const { sent, bytes } = await sendAnswer(reply, spoolArea, pieces, hold, begin, signal)
  sent.then(
    () => finish(bytes()),
    error => {
      scoring.fail(error)
      log.warn(
        { err: error, model, rows: counts.rows, fault: 'answer-broken-off' },
        `${kind} broken off`
      )
    }
  )
  return reply
}

/** Headers that are known before the first row. */
function factHeaders (reply: FastifyReply, { isInferred, nearNames, unnamed }: ScoredFile): void {
  if (isInferred) void reply.header('scoring-types', 'inferred')
  if (nearNames.length > 0) {
    void reply.header(
      'scoring-unused',
      headerList(
        nearNames,
        ({ column, input }) => `"${headerText(column)}" (near ${headerText(input)})`
      )
    )
  }
  if (unnamed > 0) void reply.header('scoring-unnamed', unnamed)
}

/** Headers for columns that have another name in the answer. */
function renamedHeader (reply: FastifyReply, { renamed }: Counts): void {
  if (renamed.length === 0) return
  void reply.header(
    'scoring-renamed',
    headerList(renamed, ([from, to]) => `${headerText(from)}=${headerText(to)}`)
  )
}

/** Headers that count the rows. */
function countHeaders (
  reply: FastifyReply,
  { rows, failed, revisions, undeclared }: Counts
): void {
  void reply.header('scoring-rows', rows)
  void reply.header('scoring-failed', failed)
  if (revisions.size > 0) {
    void reply.header(
      'scoring-revisions',
      [...revisions].map(([revision, count]) => `${revision}=${count}`).join(', ')
    )
  }
  if (undeclared.size > 0) {
    void reply.header('scoring-undeclared', headerList([...undeclared], headerText))
  }
  void reply.header('server-timing', `total;dur=${reply.elapsedTime.toFixed(1)}`)
}
