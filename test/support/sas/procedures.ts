import type { ProcHttp } from './proc-http.js'
import { literal } from './tables.js'

/** The words of PROC HTTP, its filerefs not yet read. */
export interface ProcHttpWords extends Omit<ProcHttp, 'content' | 'bearer'> {
  readonly input?: string
  readonly out: string
  readonly headerOut?: string
  readonly login?: string
}

const FORM = /\bin=MULTI FORM\("([^"]*)"=(\w+) FILENAME="([^"]*)" header="([^"]*)"\)/

/** @throws for an option that is not known here, or a file that is not quoted */
export function procHttpOf (head: string): ProcHttpWords {
  const [, field = '', file, filename = '', header = ''] = FORM.exec(head) ?? []
  const options = new Map<string, string>()
  const rest = head.replace(FORM, '').replace(/^proc http\b/, '')
    .replaceAll(/\b(\w+)=("[^"]*"|\w+)/g, (_, name: string, value: string) => {
      options.set(name, value.startsWith('"') ? String(literal(value)) : value)
      return ''
    })
  const known = ['method', 'url', 'in', 'ct', 'out', 'headerout', 'timeout', 'oauth_bearer']
  const strange = [...options.keys()].filter(name => !known.includes(name))
  if (rest.trim() !== '' || strange.length > 0) {
    throw new Error(`not known in PROC HTTP: ${rest.trim()} ${strange.join()}`)
  }
  const given = {
    contentType: options.get('ct'),
    input: file ?? options.get('in'),
    headerOut: options.get('headerout'),
    login: options.get('oauth_bearer'),
    form: file === undefined ? undefined : { field, filename, header }
  }
  return {
    method: options.get('method')!,
    url: options.get('url')!,
    out: options.get('out')!,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  }
}

/** What PROC JSON writes for its WRITE statements. */
export function jsonBody (statements: readonly string[]): string {
  const open: Array<unknown[] | Map<string, unknown>> = []
  let pending: string | undefined
  let whole: unknown
  const put = (value: unknown) => {
    const inner = open.at(-1)
    if (inner === undefined) whole = value
    else if (Array.isArray(inner)) inner.push(value)
    else if (pending === undefined) pending = String(value)
    else {
      inner.set(pending, value)
      pending = undefined
    }
  }
  for (const statement of statements) {
    const [, word = '', rest = ''] = /^write (open|close|values)\b(.*)$/s.exec(statement) ?? []
    if (word === 'values') for (const [value] of rest.matchAll(/"[^"]*"|[\w.]+/g)) put(literal(value))
    else if (word === 'open') {
      const made = rest.trim() === 'array' ? [] : new Map<string, unknown>()
      const place = made // where it belongs is known now: a name may be pending
      put(place)
      open.push(made)
    } else if (word === 'close') open.pop()
    else throw new Error(`not known in PROC JSON: ${statement}`)
  }
  if (open.length > 0 || pending !== undefined) throw new Error('PROC JSON left something open')
  return JSON.stringify(whole, (_, value: unknown) =>
    value instanceof Map ? Object.fromEntries(value as Map<string, unknown>) : value)
}
