// A reader of JSON that keeps every text, by the grammar of RFC 8259. It shares nothing with the
// service's.

/** A number as it is written. */
export class Digits {
  readonly text: string

  constructor (text: string) {
    this.text = text
  }
}

export type Plain = null | boolean | string | Digits | Plain[] | Members
/** The members of an object, in their order. */
export class Members {
  readonly list: ReadonlyArray<readonly [string, Plain]>

  constructor (list: ReadonlyArray<readonly [string, Plain]>) {
    this.list = list
  }

  get names (): string[] {
    return this.list.map(([name]) => name)
  }

  of (name: string): Plain | undefined {
    return this.list.find(([known]) => known === name)?.[1]
  }
}

/** Why a body is refused: the last part of its problem's type. */
export class Refusal extends Error {
  readonly type: string

  constructor (type: string) {
    super(type)
    this.type = type
  }
}

const BLANKS = /[ \t\r\n]*/y
const STRING = /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/uy
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /null|true|false/y
const DEPTH_MAX = 100

export function plainJson (text: string): Plain {
  let at = 0
  const found = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const [match] = pattern.exec(text) ?? []
    at += match?.length ?? 0
    return match
  }
  const isNext = (sign: string): boolean => {
    found(BLANKS)
    if (text[at] !== sign) return false
    at++
    return true
  }
  const expect = (sign: string) => {
    if (!isNext(sign)) throw new Refusal('request-unreadable')
  }
  const string = (): string => {
    const match = found(STRING)
    if (match === undefined) throw new Refusal('request-unreadable')
    const value = JSON.parse(match) as string
    if (/\p{Surrogate}/u.test(value)) throw new Refusal('request-invalid')
    return value
  }
  const object = (depth: number): Members => {
    const list: Array<readonly [string, Plain]> = []
    if (isNext('}')) return new Members(list)
    do {
      found(BLANKS)
      const name = string()
      expect(':')
      if (list.some(([known]) => known === name)) throw new Refusal('request-invalid')
      list.push([name, value(depth)])
    } while (isNext(','))
    expect('}')
    return new Members(list)
  }
  const array = (depth: number): Plain[] => {
    const items: Plain[] = []
    if (isNext(']')) return items
    do items.push(value(depth))
    while (isNext(','))
    expect(']')
    return items
  }
  const value = (depth: number): Plain => {
    found(BLANKS)
    const sign = text[at]
    if (sign === '"') return string()
    if (sign === '{' || sign === '[') {
      if (depth === DEPTH_MAX) throw new Refusal('request-invalid')
      at++
      return sign === '{' ? object(depth + 1) : array(depth + 1)
    }
    const word = found(WORD)
    if (word !== undefined) return word === 'null' ? null : word === 'true'
    const digits = found(NUMBER)
    if (digits === undefined) throw new Refusal('request-unreadable')
    return new Digits(digits)
  }
  const whole = value(0)
  found(BLANKS)
  if (at < text.length) throw new Refusal('request-unreadable')
  return whole
}

/** Its JSON text, without blanks. */
export function jsonText (value: Plain): string {
  if (value instanceof Digits) return value.text
  if (Array.isArray(value)) return `[${value.map(jsonText).join()}]`
  if (!(value instanceof Members)) return JSON.stringify(value)
  return `{${value.list.map(([name, one]) => `${JSON.stringify(name)}:${jsonText(one)}`).join()}}`
}
