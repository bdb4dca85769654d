import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Type, type Static } from 'typebox'
import { DomainError, invalidFields } from '../domain/errors.js'
import type { ImageAllowList } from '../domain/models/image-allow-list.js'
import type { Model } from '../domain/models/model.js'
import type { DesiredTarget } from '../domain/revisions/traffic.js'
import type { ModelStore, RevisionReport } from '../domain/models/model-store.js'
import type { Outcome } from '../domain/models/wait-for-model.js'
import { tagsOf, type Challenger } from '../domain/revisions/challenger.js'
import { deleteRevision, deployChallenger, promote, rollback, setTraffic } from '../domain/revisions/rollout.js'
import { callerSignal } from './caller-signal.js'
import { etagOf, preconditions } from './etag.js'
import { challengerFields } from './model.schemas.js'
import { problems } from './problem.js'
import { audit, ETag, IfMatch, RETRY_SECONDS, RetryAfter, Write, WRITE_QUERY, writeOptions, type WriteRequest } from './writes.js'

interface RevisionRoutes {
  readonly models: ModelStore
  readonly allowList: ImageAllowList
  /** Fires when waits have to end because the service stops. */
  readonly abandon: AbortSignal
}

const Name = Type.Object({ name: Type.String({ description: 'the model' }) })
const Names = Type.Object({ ...Name.properties, revision: Type.String() })
const percent = Type.Integer({ minimum: 0, maximum: 100 })
const tag = Type.String({ minLength: 1, description: 'an own URL for the revision, and a name for it in calls' })

const NewChallenger = Type.Object({
  ...challengerFields,
  tag: Type.Optional(tag),
  percent: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description: 'of the traffic, taken from the others in proportion; default 0, or what it has when it is there already' })),
  revision: Type.Optional(Type.String({ description: 'its name, MODEL-…; default: the next number' }))
}, { additionalProperties: false, description: 'fields that it has otherwise than the model; the rest is as the model has it now' })

const NewRow = Type.Object({
  revision: Type.Optional(Type.String()),
  latest: Type.Optional(Type.Boolean({ description: 'true: the row follows the latest ready revision' })),
  percent,
  tag: Type.Optional(tag)
}, { additionalProperties: false, description: 'either a revision or latest: true' })

const withTraffic = (description: string, headers: object = ETag) => ({ description, headers, content: { 'application/json': { schema: Type.Ref('Traffic') } } })
const progressing = withTraffic('not in force yet when wait= was over', { ...ETag, ...RetryAfter })

export const revisionRoutes: FastifyPluginAsyncTypebox<RevisionRoutes> = async (app, { models, allowList, abandon }) => {
  const signalOf = (reply: FastifyReply) => AbortSignal.any([callerSignal(reply), abandon])

  app.get('/models/:name/revisions', {
    schema: {
      operationId: 'listRevisions',
      tags: ['revisions'],
      summary: 'All revisions, the newest first',
      params: Name,
      response: { 200: Type.Object({ items: Type.Array(Type.Ref('Revision')) }), ...problems(403, 404, 503) }
    }
  }, async (request, reply) => {
    const { model, revisions } = await models.revisions(request.params.name, signalOf(reply))
    return { items: revisions.map(revision => revisionAnswer(model, revision)) }
  })

  app.get('/models/:name/revisions/:revision', {
    schema: {
      operationId: 'getRevision',
      tags: ['revisions'],
      summary: 'One revision, and why it is as it is',
      params: Names,
      response: { 200: Type.Ref('Revision'), ...problems(403, 404, 503) }
    }
  }, async (request, reply) => {
    const { name, revision } = request.params
    return await told(name, revision, signalOf(reply))
  })

  app.post('/models/:name/revisions', {
    schema: {
      operationId: 'deployChallenger',
      tags: ['revisions'],
      summary: 'Deploys a challenger beside what serves',
      description: 'The others are pinned to their revisions and serve until the challenger is ready; its share then moves by itself. ' +
        'With the same fields and tag again nothing changes. A challenger that fails takes no request; the answer tells why.',
      params: Name,
      headers: IfMatch,
      body: NewChallenger,
      querystring: Type.Object({
        ...WRITE_QUERY,
        redeploy: Type.Optional(Type.Boolean({ default: false, description: 'a new revision even of an unchanged template, e.g. of a tag that was published again' }))
      }, { additionalProperties: false }),
      response: {
        200: { description: 'it was there already', headers: ETag, content: { 'application/json': { schema: Type.Ref('Revision') } } },
        201: { description: 'deployed; with wait=, ready', headers: { ...ETag, Location: { type: 'string' } }, content: { 'application/json': { schema: Type.Ref('Revision') } } },
        202: { description: 'not ready yet when wait= was over', headers: { ...ETag, ...RetryAfter }, content: { 'application/json': { schema: Type.Ref('Revision') } } },
        ...problems(400, 403, 404, 409, 412, 415, 422, 503)
      }
    }
  }, async (request, reply) => {
    const { name } = request.params
    const { tag, percent, revision: wantedName, ...given } = request.body
    const named = Object.fromEntries(Object.entries({ tag, percent, revision: wantedName }).filter(([, value]) => value !== undefined))
    const wanted = { given, redeploy: request.query.redeploy ?? false, ...named } as Challenger
    const signal = signalOf(reply)
    const { model, done, revision, isNew } = await deployChallenger(models, name, wanted, allowList, rolloutOptions(request), signal)
    audit(request, model, 'challenger deployed', { revision, percent, tag })
    void reply.header('etag', etagOf(model.version)).header('location', `/models/${name}/revisions/${revision}`)
    if (!done) void reply.header('retry-after', RETRY_SECONDS)
    const answer = await told(name, revision, signal).catch((error: unknown) => notListedYet(error, model, revision))
    return await reply.code(!done ? 202 : isNew ? 201 : 200).send(answer)
  })

  app.delete('/models/:name/revisions/:revision', {
    schema: {
      operationId: 'deleteRevision',
      tags: ['revisions'],
      summary: 'Deletes a revision that nothing uses',
      description: '409 while the traffic table names it, it is the latest, or rollback needs it (forget=true gives that up).',
      params: Names,
      headers: IfMatch,
      querystring: Type.Object({
        dryRun: WRITE_QUERY.dryRun,
        forget: Type.Optional(Type.Boolean({ default: false, description: 'also from what rollback can go back to' }))
      }, { additionalProperties: false }),
      response: { 204: { type: 'null', description: 'deleted' }, ...problems(403, 404, 409, 412, 422, 503) }
    }
  }, async (request, reply) => {
    const { name, revision } = request.params
    await deleteRevision(models, name, revision, request.query.forget ?? false, rolloutOptions(request), signalOf(reply))
    audit(request, { name }, 'revision deleted', { revision })
    return await reply.code(204).send(null)
  })

  app.get('/models/:name/traffic', {
    schema: {
      operationId: 'getTraffic',
      tags: ['revisions'],
      summary: 'The traffic table: what serves, what was asked for, and earlier ones',
      params: Name,
      response: { 200: withTraffic('the table'), ...problems(403, 404, 503) }
    }
  }, async (request, reply) => await sendTraffic(reply, { model: await models.get(request.params.name, signalOf(reply)), done: true }))

  app.put('/models/:name/traffic', {
    schema: {
      operationId: 'putTraffic',
      tags: ['revisions'],
      summary: 'Replaces the whole traffic table',
      description: 'Percents total 100. Rows of 0 % with a tag keep a revision reachable by that tag. The table before is what rollback goes back to.',
      params: Name,
      headers: IfMatch,
      body: Type.Array(NewRow, { maxItems: 100 }),
      querystring: Write,
      response: { 200: withTraffic('in force with wait=, stored without'), 202: progressing, ...problems(400, 403, 404, 409, 412, 415, 422, 503) }
    }
  }, async (request, reply) => {
    const outcome = await setTraffic(models, request.params.name, tableIn(request.body), rolloutOptions(request), signalOf(reply))
    audit(request, outcome.model, 'traffic set', { desired: outcome.model.desired })
    return await sendTraffic(reply, outcome)
  })

  app.post('/models/:name/promote', {
    schema: {
      operationId: 'promote',
      tags: ['revisions'],
      summary: 'Gives a revision all the traffic',
      description: 'Tags stay where they are, at 0 %. Traffic only: no new revision.',
      params: Name,
      headers: IfMatch,
      body: Type.Object({
        revision: Type.Optional(Type.String()),
        tag: Type.Optional(tag),
        rolloutSeconds: Type.Optional(Type.Integer({ minimum: 0, description: '0 only: what is promoted by name is in force at once' }))
      }, { additionalProperties: false, description: 'either a revision or a tag' }),
      querystring: Write,
      response: { 200: withTraffic('in force with wait=, stored without'), 202: progressing, ...problems(400, 403, 404, 409, 412, 415, 422, 503) }
    }
  }, async (request, reply) => {
    const { revision, tag, rolloutSeconds = 0 } = request.body
    if (rolloutSeconds > 0) throw noGradualPromote()
    if ((revision === undefined) === (tag === undefined)) throw invalidFields([{ field: 'body', detail: 'needs either revision or tag', remedy: 'give one of the two' }])
    const chosen = revision === undefined ? { tag: tag! } : { revision }
    const outcome = await promote(models, request.params.name, chosen, rolloutOptions(request), signalOf(reply))
    audit(request, outcome.model, 'promoted', { ...chosen })
    return await sendTraffic(reply, outcome)
  })

  app.post('/models/:name/rollback', {
    schema: {
      operationId: 'rollback',
      tags: ['revisions'],
      summary: 'Goes back to the traffic table before the present one, and again to the one before that',
      description: 'Exactly that table, of revisions by name. Traffic only: no new revision.',
      params: Name,
      headers: IfMatch,
      querystring: Write,
      response: { 200: withTraffic('in force with wait=, stored without'), 202: progressing, ...problems(403, 404, 409, 412, 422, 503) }
    }
  }, async (request, reply) => {
    const outcome = await rollback(models, request.params.name, rolloutOptions(request), signalOf(reply))
    audit(request, outcome.model, 'rolled back', { desired: outcome.model.desired })
    return await sendTraffic(reply, outcome)
  })

  async function told (name: string, revision: string, signal: AbortSignal): Promise<object> {
    const { model, revisions } = await models.revisions(name, signal)
    const report = revisions.find(({ name }) => name === revision)
    if (report === undefined) throw new DomainError('revision-not-found', `${name} has no revision "${revision}"`)
    return revisionAnswer(model, report)
  }
}

function rolloutOptions (request: WriteRequest & { readonly headers: object }) {
  return { ...writeOptions(request), ...preconditions(request.headers), redeploy: false, trafficToLatest: false }
}

function revisionAnswer ({ traffic, desired }: Model, { name, image, imageDigest, ready, explanation, replicas, createdAt }: RevisionReport): object {
  const percent = traffic.reduce((sum, row) => row.revision === name ? sum + row.percent : sum, 0)
  const tags = [...new Set([...tagsOf(traffic, name), ...tagsOf(desired.filter(row => !row.latest), name)])]
  return { name, image, ...(imageDigest === undefined ? {} : { imageDigest }), ready: ready ?? null, explanation, percent, tags, replicas, createdAt }
}

/** The cluster makes the revision a moment after the write. */
function notListedYet (error: unknown, { name, spec, desired, traffic }: Model, revision: string): object {
  if (!(error instanceof DomainError) || error.fault !== 'revision-not-found') throw error
  const explanation = { summary: `${name} is being deployed`, remedy: 'wait', owner: 'nobody', needsAction: false }
  const tags = tagsOf(desired.filter(row => !row.latest), revision)
  const percent = traffic.find(row => row.revision === revision)?.percent ?? 0
  return { name: revision, image: spec.image, ready: null, explanation, percent, tags, replicas: 0, createdAt: new Date().toISOString() }
}

/** Seen on Knative 1.15: its rollout-duration applies from one latest revision to the next; from or to a named one traffic jumps. */
function noGradualPromote (): DomainError {
  return invalidFields([{
    field: 'rolloutSeconds',
    detail: 'the cluster moves traffic gradually only to the newest revision of a table that follows the latest; a promoted revision gets it at once',
    remedy: 'raise its share in steps with PUT /models/{name}/traffic, or set rolloutSeconds on the model and deploy by PUT with traffic=latest'
  }])
}

function tableIn (rows: ReadonlyArray<Static<typeof NewRow>>): DesiredTarget[] {
  const faults = rows.flatMap(({ revision, latest = false }, index) => (revision === undefined) === latest
    ? []
    : [{ field: String(index), detail: 'needs either a revision or latest: true', remedy: 'give one of the two' }])
  if (faults.length > 0) throw invalidFields(faults)
  return rows.map(({ revision, percent, tag }) => {
    const tagged = tag === undefined ? {} : { tag }
    return revision === undefined ? { latest: true, percent, ...tagged } : { latest: false, revision, percent, ...tagged }
  })
}

async function sendTraffic (reply: FastifyReply, { model, done }: Outcome): Promise<FastifyReply> {
  const { traffic, desired, history, version, status: { explanation } } = model
  void reply.header('etag', etagOf(version))
  if (!done) void reply.header('retry-after', RETRY_SECONDS)
  return await reply.code(done ? 200 : 202).send({ traffic, desired, history, explanation })
}
