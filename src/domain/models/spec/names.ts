import { withoutEnd } from '../../text-ends.js'

const DNS_1035_LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const DNS_1123_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const LABEL_PART = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/

export const APP_PATH_MAX = 512

/** Whether a ksvc can have the name, which becomes a label of host names. */
export function isModelName (text: string): boolean {
  return text.length <= 63 && DNS_1035_LABEL.test(text)
}

/**
 * Whether a container can serve under the path. It becomes part of URLs, where "." and ".." would
 * lead to other paths.
 */
export function isAppPath (text: string): boolean {
  if (text.length > APP_PATH_MAX || !/^[\w.~-]+(\/[\w.~-]+)*$/.test(text)) return false
  return text.split('/').every(segment => segment !== '.' && segment !== '..')
}

/** Only so many characters of a text are read to make a name of it. */
const NAME_READ_MAX = 1_000

/** Suggests the nearest valid name; undefined if no part of the text can stay. */
export function suggestName (text: string): string | undefined {
  const start = text
    .slice(0, NAME_READ_MAX)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 63)
  const name = withoutEnd(start, '-')
  return isModelName(name) ? name : undefined
}

export function isObjectName (text: string): boolean {
  return text.length <= 253 && DNS_1123_SUBDOMAIN.test(text)
}

export function isLabelKey (text: string): boolean {
  const [name = '', prefix, ...more] = text.split('/').reverse()
  return (
    more.length === 0 &&
    name.length <= 63 &&
    LABEL_PART.test(name) &&
    (prefix === undefined || isObjectName(prefix))
  )
}

export function isLabelValue (text: string): boolean {
  return text === '' || (text.length <= 63 && LABEL_PART.test(text))
}
