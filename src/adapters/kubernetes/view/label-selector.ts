import { invalidFields } from '../../../domain/errors.js'

type Labels = Readonly<Record<string, string>>

const KEY = '(?:[a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?'
const VALUE = '(?:[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?'
const EXISTS = new RegExp(`^(?<not>!?)\\s*(?<key>${KEY})$`)
const EQUALS = new RegExp(`^(?<key>${KEY})\\s*(?<operator>==|=|!=)\\s*(?<value>${VALUE})$`)
const IN = new RegExp(`^(?<key>${KEY})\\s+(?<operator>in|notin)\\s*\\((?<values>[^()]*)\\)$`)
const WHOLE_VALUE = new RegExp(`^${VALUE}$`)

/**
 * Kubernetes' selector: requirements `key`, `!key`, `key=a`, `key==a`, `key!=a`, `key in (a,b)`,
 * `key notin (a,b)`, with commas between them, all of which must hold. `!=` and `notin` hold for
 * objects without the key.
 * @throws `request-invalid` naming `query.labelSelector`
 */
export function parseLabelSelector (text: string): (labels: Labels) => boolean {
  const tests = splitRequirements(text).map(parseRequirement)
  return labels => tests.every(test => test(labels))
}

/** Commas inside of parentheses belong to a set of values. */
function splitRequirements (text: string): string[] {
  if (text.trim() === '') return []
  const parts: string[] = []
  let start = 0
  let inSet = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '(') inSet = true
    else if (character === ')') inSet = false
    else if (character === ',' && !inSet) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  return [...parts, text.slice(start)].map(part => part.trim())
}

function parseRequirement (text: string): (labels: Labels) => boolean {
  const exists = EXISTS.exec(text)?.groups
  if (exists !== undefined) return labels => hasLabel(labels, exists['key']!) === (exists['not'] === '')
  const { key, operator, value, values } = EQUALS.exec(text)?.groups ?? IN.exec(text)?.groups ?? {}
  if (key === undefined) throw refuseSelector(text)
  const wanted = new Set(
    values === undefined ? [value ?? ''] : values.split(',').map(one => one.trim())
  )
  for (const one of wanted) if (!WHOLE_VALUE.test(one)) throw refuseSelector(text)
  return operator === '!=' || operator === 'notin'
    ? labels => !hasLabel(labels, key) || !wanted.has(labels[key]!)
    : labels => hasLabel(labels, key) && wanted.has(labels[key]!)
}

function hasLabel (labels: Labels, key: string): boolean {
  return Object.hasOwn(labels, key)
}

function refuseSelector (part: string) {
  return invalidFields([
    {
      field: 'query.labelSelector',
      detail: `can't be read at ${JSON.stringify(part)}`,
      remedy:
        'write requirements such as team=risk, stage!=dev, team in (risk,fraud), owner or !owner, with commas between them'
    }
  ])
}
