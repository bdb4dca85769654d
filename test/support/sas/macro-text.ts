// The text of macros and programs, cut where SAS's macro processor cuts it.

/** Without comments; those of SAS end at the first sign that ends them. */
export function withoutComments (text: string): string {
  return text.replaceAll(/\/\*.*?\*\//gs, '')
}

/** Where the quoted text that begins at `at` ends, its quote included; two quotes are one in it. */
export function afterQuoted (text: string, at: number): number {
  const quote = text[at]!
  for (let end = at + 1; ; end++) {
    const next = text.indexOf(quote, end)
    if (next < 0) throw new Error(`no end of ${text.slice(at, at + 40)}`)
    if (text[next + 1] !== quote) return next + 1
    end = next + 1
  }
}

/** Where the parenthesis at `at` is closed, that sign included. */
export function afterParenthesis (text: string, at: number): number {
  return scan(text, at, (sign, depth) => sign === ')' && depth === 0) + 1
}

/** Up to and with the semicolon that ends the statement. */
export function statementAt (text: string, at: number): { statement: string, end: number } {
  const end = scan(text, at, (sign, depth) => sign === ';' && depth === 0)
  return { statement: text.slice(at, end), end: end + 1 }
}

/** Where `isIt` holds for a sign outside of quotes; `depth` counts open parentheses. */
function scan (text: string, from: number, isIt: (sign: string, depth: number) => boolean): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const sign = text[at]!
    if (sign === '(') depth++
    if (sign === ')') depth--
    if (isIt(sign, depth)) return at
    if (sign === '"' || sign === '\'') at = afterQuoted(text, at) - 1
  }
  throw new Error(`not ended: ${text.slice(from, from + 80)}`)
}

/** Arguments or parameters, apart at commas outside of quotes and parentheses. */
export function splitList (text: string): string[] {
  const parts: string[] = []
  let from = 0
  for (let at = 0, depth = 0; at < text.length; at++) {
    const sign = text[at]!
    if (sign === '(') depth++
    else if (sign === ')') depth--
    else if (sign === '"' || sign === '\'') at = afterQuoted(text, at) - 1
    else if (sign === ',' && depth === 0) {
      parts.push(text.slice(from, at))
      from = at + 1
    }
  }
  parts.push(text.slice(from))
  return parts.map(part => part.trim())
}

/** What a %IF or %ELSE rules: a whole %DO group, or one statement. */
export function ruledAt (text: string, at: number): { ruled: string, end: number } {
  if (!/^\s*%do\b/i.test(text.slice(at))) {
    const { statement, end } = statementAt(text, at)
    return { ruled: `${statement};`, end }
  }
  const end = afterGroup(text, at)
  return { ruled: text.slice(at, end), end }
}

/** Where the group of the %DO at `at` ends, after the semicolon of its %END. */
export function afterGroup (text: string, at: number): number {
  let depth = 0
  for (const { 0: word, index } of text.slice(at).matchAll(/%(?:do|end)\b[^;]*;/gi)) {
    depth += word.toLowerCase().startsWith('%do') ? 1 : -1
    if (depth === 0) return at + index + word.length
  }
  throw new Error(`no %END of ${text.slice(at, at + 80)}`)
}
