import { invalidFields } from '../../../domain/errors.js'
import type { Model } from '../../../domain/models/model/model.js'
import type { ListQuery, Page } from '../../../domain/models/model/model-store.js'
import { isModelName } from '../../../domain/models/spec/names.js'
import type { Family } from '../api/family.js'
import { parseLabelSelector } from './label-selector.js'

interface PageRequest extends ListQuery {
  readonly matches: (labels: Readonly<Record<string, string>>) => boolean
  /** The last name of the page before. */
  readonly after: string
}

/** @throws `request-invalid` for a selector or token that can't be read */
export function parsePageRequest (query: ListQuery): PageRequest {
  const { labelSelector = '', continue: token } = query
  return {
    ...query,
    matches: parseLabelSelector(labelSelector),
    after: token === undefined ? '' : readToken(token)
  }
}

/** One page of the models asked for, by name. Only models that are needed are worked out. */
export function pageOf (
  families: readonly Family[],
  { ready, limit, matches, after }: PageRequest,
  modelOf: (family: Family) => Model
): Omit<Page, 'stale'> {
  const candidates = families
    .filter(({ ksvc: { metadata } }) => metadata.name > after && matches(metadata.labels ?? {}))
    .sort((a, b) => (a.ksvc.metadata.name < b.ksvc.metadata.name ? -1 : 1))
  const models: Model[] = []
  for (const family of candidates) {
    const model = modelOf(family)
    if (ready === undefined || model.status.ready === ready) models.push(model)
    if (models.length > limit) break
  }
  const items = models.slice(0, limit)
  const last = items.at(-1)
  return {
    items,
    ...(models.length > limit && last !== undefined ? { continue: writeToken(last.name) } : {})
  }
}

function writeToken (name: string): string {
  return Buffer.from(name).toString('base64url')
}

function readToken (token: string): string {
  const name = Buffer.from(token, 'base64url').toString()
  if (isModelName(name)) return name
  throw invalidFields([
    {
      field: 'query.continue',
      detail: 'is not a token of an earlier page',
      remedy: 'start again without continue'
    }
  ])
}
