import { invalidFields } from '../../domain/errors.js'

type Labels = Readonly<Record<string, string>>

const KEY = '(?:[a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?'
const VALUE = '(?:[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?'
const EXISTS = new RegExp(`^(?<not>!?)\\s*(?<key>${KEY})$`)
const EQUALS = new RegExp(`^(?<key>${KEY})\\s*(?<operator>==|=|!=)\\s*(?<value>${VALUE})$`)
const IN = new RegExp(`^(?<key>${KEY})\\s+(?<operator>in|notin)\\s*\\((?<values>[^()]*)\\)$`)
const WHOLE_VALUE = new RegExp(`^${VALUE}$`)

/**
 * Kubernetes' selector: requirements `key`, `!key`, `key=a`, `key==a`, `key!=a`, `key in (a,b)`, `key notin (a,b)`, with commas
 * between them, all of which must hold. `!=` and `notin` hold for objects without the key.
 * @throws `request-invalid` naming `query.labelSelector`
 */
export function labelSelector (text: string): (labels: Labels) => boolean {
  const tests = requirements(text).map(requirement)
  return labels => tests.every(test => test(labels))
}

/** Commas inside of parentheses belong to a set of values. */
function requirements (text: string): string[] {
  return text.trim() === '' ? [] : text.split(/,(?![^(]*\))/).map(part => part.trim())
}

function requirement (text: string): (labels: Labels) => boolean {
  const exists = EXISTS.exec(text)?.groups
  if (exists !== undefined) return labels => has(labels, exists['key']!) === (exists['not'] === '')
  const { key, operator, value, values } = EQUALS.exec(text)?.groups ?? IN.exec(text)?.groups ?? {}
  if (key === undefined) throw unreadable(text)
  const wanted = new Set(values === undefined ? [value ?? ''] : values.split(',').map(one => one.trim()))
  for (const one of wanted) if (!WHOLE_VALUE.test(one)) throw unreadable(text)
  return operator === '!=' || operator === 'notin'
    ? labels => !has(labels, key) || !wanted.has(labels[key]!)
    : labels => has(labels, key) && wanted.has(labels[key]!)
}

function has (labels: Labels, key: string): boolean {
  return Object.hasOwn(labels, key)
}

function unreadable (part: string) {
  return invalidFields([{
    field: 'query.labelSelector',
    detail: `can't be read at ${JSON.stringify(part)}`,
    remedy: 'write requirements such as team=risk, stage!=dev, team in (risk,fraud), owner or !owner, with commas between them'
  }])
}
