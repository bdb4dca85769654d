import { ExactNumber, type Json } from './json.js'

/** Deeper values are refused, because readers and writers of values recurse. */
export const DEPTH_MAX = 100

/**
 * Why a text can't be read. `syntax`: the text is not JSON. `number`: it has NaN or Infinity.
 * `duplicate`: an object has a name twice. `depth`: values are nested too deep. `text`: a string
 * has half a character (a lone surrogate). Except for `syntax`, many other readers take such texts
 * and lose something.
 */
export type JsonFaultKind = 'syntax' | 'number' | 'duplicate' | 'depth' | 'text'

export class JsonFault extends Error {
  readonly kind: JsonFaultKind

  constructor (kind: JsonFaultKind, message: string) {
    super(message)
    this.kind = kind
  }
}

/**
 * Reads one JSON value (RFC 8259). Unlike JSON.parse it keeps the digits of numbers, refuses
 * repeated names, and takes names such as `__proto__` like any other. Time and memory grow linearly
 * with the text.
 * @throws JsonFault
 */
export function readJson (text: string): Json {
  return new JsonReader(text).readDocument()
}

const [TAB, LF, CR, SPACE, QUOTE, PLUS, COMMA, MINUS, POINT] = [9, 10, 13, 32, 34, 43, 44, 45, 46]
const [ZERO, NINE, COLON, BACKSLASH] = [48, 57, 58, 92]
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [91, 93, 123, 125]
const [UPPER_E, LOWER_E] = [69, 101]

/**
 * String() gives back the text of every number up to this length that has no exponent and no
 * trailing zero.
 */
const PLAIN_CHARS = 15

const NOT_FINITE = ['NaN', 'Infinity', '-Infinity', 'nan', 'inf', '-inf']

/**
 * Empty objects and arrays share one instance each: hundreds of thousands of separate ones would
 * keep the garbage collector busy.
 */
const NO_MEMBERS: ReadonlyMap<string, Json> = new Map()
const NO_ITEMS: readonly Json[] = []

class JsonReader {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor (text: string) {
    this.#text = text
  }

  readDocument (): Json {
    const value = this.#readValue()
    this.#skipBlanks()
    if (this.#at < this.#text.length) throw this.#unexpectedFault()
    return value
  }

  #readValue (): Json {
    this.#skipBlanks()
    const code = this.#text.charCodeAt(this.#at)
    switch (code) {
      case QUOTE:
        return this.#readString()
      case OPEN_BRACE:
        return this.#readNested(() => this.#readObject())
      case OPEN_BRACKET:
        return this.#readNested(() => this.#readArray())
      default:
        if (code === MINUS || (code >= ZERO && code <= NINE)) return this.#readNumber()
        return this.#readWord()
    }
  }

  #readNested<T>(read: () => T): T {
    if (++this.#depth > DEPTH_MAX) {
      throw new JsonFault('depth', `it is nested more than ${DEPTH_MAX} levels deep`)
    }
    this.#at++
    const value = read()
    this.#depth--
    return value
  }

  #readObject (): ReadonlyMap<string, Json> {
    if (this.#skipIf(CLOSE_BRACE)) return NO_MEMBERS
    const members = new Map<string, Json>()
    while (true) {
      this.#skipBlanks()
      if (this.#text.charCodeAt(this.#at) !== QUOTE) throw this.#unexpectedFault()
      const name = this.#readString()
      if (!this.#skipIf(COLON)) throw this.#unexpectedFault()
      if (members.has(name)) {
        throw new JsonFault('duplicate', `the name ${shorten(name)} is there twice in one object`)
      }
      members.set(name, this.#readValue())
      if (this.#skipIf(CLOSE_BRACE)) return members
      if (!this.#skipIf(COMMA)) throw this.#unexpectedFault()
    }
  }

  #readArray (): readonly Json[] {
    if (this.#skipIf(CLOSE_BRACKET)) return NO_ITEMS
    const items: Json[] = []
    while (true) {
      items.push(this.#readValue())
      if (this.#skipIf(CLOSE_BRACKET)) return items
      if (!this.#skipIf(COMMA)) throw this.#unexpectedFault()
    }
  }

  #readString (): string {
    const text = this.#text
    const begin = ++this.#at
    let isEscaped = false
    for (let at = begin; ; at++) {
      const code = text.charCodeAt(at)
      if (code === QUOTE) {
        this.#at = at + 1
        return isEscaped ? this.#unescape(begin - 1, at + 1) : text.slice(begin, at)
      }
      if (code === BACKSLASH) {
        isEscaped = true
        at++
      } else if (!(code >= SPACE)) {
        // The code is a control character, or NaN at the end of the text.
        this.#at = at
        throw this.#unexpectedFault()
      }
    }
  }

  #unescape (from: number, to: number): string {
    let value: string
    try {
      value = JSON.parse(this.#text.slice(from, to)) as string
    } catch {
      this.#at = from
      throw new JsonFault('syntax', `a text with an unknown escape begins at character ${from + 1}`)
    }
    if (!value.isWellFormed()) {
      throw new JsonFault('text', `the text at character ${from + 1} has half a character`)
    }
    return value
  }

  #readNumber (): number | ExactNumber {
    const text = this.#text
    const begin = this.#at
    const digit = text.charCodeAt(begin) - ZERO
    // Long lists are full of numbers of one digit, so these are read first and fast.
    if (digit >= 0 && digit <= 9 && this.#endsNumber(begin + 1)) return this.#skipWord(1, digit)
    let at = begin
    let isPlain = true
    if (text.charCodeAt(at) === MINUS) at++
    if (text.charCodeAt(at) === ZERO) {
      at++
      isPlain = at - begin === 1
    } else {
      at = this.#skipDigits(at)
    }
    if (text.charCodeAt(at) === POINT) {
      at = this.#skipDigits(at + 1)
      isPlain = text.charCodeAt(at - 1) !== ZERO
      // String() writes a small number with an exponent.
      if (isPlain && text.startsWith('0.00000', begin + (text.charCodeAt(begin) === MINUS ? 1 : 0))) {
        isPlain = false
      }
    }
    const sign = text.charCodeAt(at)
    if (sign === LOWER_E || sign === UPPER_E) {
      const next = text.charCodeAt(at + 1)
      at = this.#skipDigits(next === PLUS || next === MINUS ? at + 2 : at + 1)
      isPlain = false
    }
    this.#at = at
    const digits = text.slice(begin, at)
    const number = Number(digits)
    if (isPlain && digits.length <= PLAIN_CHARS) return number
    return String(number) === digits ? number : new ExactNumber(digits)
  }

  #endsNumber (at: number): boolean {
    const code = this.#text.charCodeAt(at)
    return code === COMMA || code === CLOSE_BRACKET || code === CLOSE_BRACE
  }

  /** Skips one or more digits. @throws JsonFault when there is none */
  #skipDigits (from: number): number {
    let at = from
    for (let code = this.#text.charCodeAt(at); code >= ZERO && code <= NINE;) {
      code = this.#text.charCodeAt(++at)
    }
    if (at > from) return at
    this.#at = from
    throw this.#notFiniteFault() ?? this.#unexpectedFault()
  }

  #readWord (): boolean | null {
    const text = this.#text
    if (text.startsWith('null', this.#at)) return this.#skipWord(4, null)
    if (text.startsWith('true', this.#at)) return this.#skipWord(4, true)
    if (text.startsWith('false', this.#at)) return this.#skipWord(5, false)
    throw this.#notFiniteFault() ?? this.#unexpectedFault()
  }

  #skipWord<T>(length: number, value: T): T {
    this.#at += length
    return value
  }

  /** The fault for NaN and Infinity, which some writers write although JSON has no such numbers. */
  #notFiniteFault (): JsonFault | undefined {
    const from = this.#text.charCodeAt(this.#at - 1) === MINUS ? this.#at - 1 : this.#at
    const word = NOT_FINITE.find(word => this.#text.startsWith(word, from))
    return word === undefined
      ? undefined
      : new JsonFault('number', `${word} is not a number in JSON`)
  }

  #skipIf (wanted: number): boolean {
    this.#skipBlanks()
    if (this.#text.charCodeAt(this.#at) !== wanted) return false
    this.#at++
    return true
  }

  #skipBlanks (): void {
    while (true) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== SPACE && code !== LF && code !== CR && code !== TAB) return
      this.#at++
    }
  }

  #unexpectedFault (): JsonFault {
    const character = this.#text.codePointAt(this.#at)
    if (character === undefined) {
      return new JsonFault('syntax', `it ends too early, after ${this.#text.length} characters`)
    }
    const found = JSON.stringify(String.fromCodePoint(character))
    return new JsonFault('syntax', `unexpected ${found} at character ${this.#at + 1}`)
  }
}

function shorten (name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 59)}…` : name)
}
