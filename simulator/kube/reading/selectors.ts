import type { KubeObject } from '../objects.js'
import type { Resource } from '../resource.js'
import { EVENTS, PODS } from '../resources.js'
import { badRequest } from '../status-errors.js'

export type Matches = (object: KubeObject) => boolean

/** Parses a label selector: `a=b,a!=b,a,!a,a in (b,c),a notin (b,c)`. */
export function parseLabelSelector (text: string): Matches {
  const tests = splitRequirements(text).map(parseRequirement)
  return ({ metadata: { labels = {} } }) => tests.every(test => test(labels))
}

type LabelTest = (labels: Readonly<Record<string, string>>) => boolean

/** Splits at commas outside parentheses. */
const splitRequirements = (text: string): string[] =>
  text
    .split(/,(?![^(]*\))/)
    .map(part => part.trim())
    .filter(part => part !== '')

function parseRequirement (text: string): LabelTest {
  const set = /^([^\s!=,()]+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(text)
  if (set !== null) {
    const [, key = '', operator, list = ''] = set
    const values = list.split(',').map(value => value.trim())
    return labels => (key in labels && values.includes(labels[key] ?? '')) === (operator === 'in')
  }
  const equal = /^([^\s!=,()]+)\s*(==|=|!=)\s*([^\s!=,()]*)$/.exec(text)
  if (equal !== null) {
    const [, key = '', operator, value = ''] = equal
    return labels => (labels[key] === value) === (operator !== '!=')
  }
  const exists = /^(!?)\s*([^\s!=,()]+)$/.exec(text)
  if (exists !== null) {
    const [, not, key = ''] = exists
    return labels => key in labels === (not === '')
  }
  const second = /^[^\s=!]+\s+(\S+)/.exec(text)
  throw badRequest(
    second !== null
      ? `unable to parse requirement: found '${second[1]}', expected: in, notin, =, ==, !=, gt, lt`
      : "unable to parse requirement: found '=', expected: identifier"
  )
}

const FIELDS = new Map<Resource, readonly string[]>([
  [PODS, ['status.phase', 'spec.nodeName']],
  [
    EVENTS,
    [
      'involvedObject.kind',
      'involvedObject.name',
      'involvedObject.namespace',
      'involvedObject.uid',
      'reason',
      'type'
    ]
  ]
])

/**
 * Parses a field selector. Every resource can be selected by `metadata.name` and
 * `metadata.namespace`, some by further fields.
 */
export function parseFieldSelector (resource: Resource, text: string): Matches {
  const tests = splitRequirements(text).map(part => {
    const [, field = '', operator, value = ''] = /^([^=!]+)(==|=|!=)(.*)$/.exec(part) ?? []
    const known = ['metadata.name', 'metadata.namespace', ...(FIELDS.get(resource) ?? [])]
    if (!known.includes(field)) throw badRequest(`field label not supported: ${field}`)
    return (object: KubeObject) => (fieldOf(object, field) === value) === (operator !== '!=')
  })
  return object => tests.every(test => test(object))
}

function fieldOf (object: KubeObject, path: string): string {
  let value: unknown = object
  for (const key of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[key]
  return typeof value === 'string' ? value : ''
}
