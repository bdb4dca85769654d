const DNS_1035_LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const DNS_1123_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const LABEL_PART = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/

/** A model is a ksvc: its name becomes a label of host names. */
export function isModelName (text: string): boolean {
  return text.length <= 63 && DNS_1035_LABEL.test(text)
}

/** The nearest name that would do; undefined when nothing of the text can stay. */
export function suggestedName (text: string): string | undefined {
  const name = text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replace(/^[^a-z]+/, '').slice(0, 63).replace(/-+$/, '')
  return isModelName(name) ? name : undefined
}

export function isObjectName (text: string): boolean {
  return text.length <= 253 && DNS_1123_SUBDOMAIN.test(text)
}

export function isLabelKey (text: string): boolean {
  const [name = '', prefix, ...more] = text.split('/').reverse()
  return more.length === 0 && name.length <= 63 && LABEL_PART.test(name) && (prefix === undefined || isObjectName(prefix))
}

export function isLabelValue (text: string): boolean {
  return text === '' || (text.length <= 63 && LABEL_PART.test(text))
}
