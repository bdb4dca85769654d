import { BLANK, dataStepFunction, holds, macroFunction } from './macro-functions.js'
import { afterGroup, afterParenthesis, afterQuoted, ruledAt, splitList, statementAt } from './macro-text.js'

/** What stands behind the macro processor: SAS itself, as far as a test has it. */
export interface SasBehind {
  /** One statement without its semicolon, resolved. */
  statement(text: string): Promise<void>
  /** The program of a fileref, or of a path in quotes. */
  included(what: string): string
  /** A function of %SYSFUNC that asks for something outside of its arguments. */
  systemFunction(name: string, args: readonly string[]): string
  log(line: string): void
}

interface Macro {
  /** In their order; undefined: has no default, and is given by its place. */
  readonly parameters: ReadonlyArray<readonly [name: string, value: string | undefined]>
  readonly body: string
}

/** %ABORT CANCEL: the program has ended. */
export class SasAborted extends Error {}
class Returned extends Error {}

/**
 * SAS's macro processor, as far as examples/sas uses it, after its documentation: definitions,
 * calls, %LET, %IF, %DO and the functions of macro-functions.ts. Anything else ends the test.
 */
export class SasMacros {
  readonly #behind: SasBehind
  readonly #macros = new Map<string, Macro>()
  /** The global one first. */
  readonly #scopes: Array<Map<string, string>> = [new Map()]
  #buffer = ''

  constructor (behind: SasBehind) {
    this.#behind = behind
  }

  /** The value of a macro variable. */
  get (name: string): string | undefined {
    return this.#scopes.findLast(scope => scope.has(name.toLowerCase()))?.get(name.toLowerCase())
  }

  set (name: string, value: string): void {
    const key = name.toLowerCase()
    const scope = this.#scopes.findLast(scope => scope.has(key)) ?? this.#scopes.at(-1)!
    scope.set(key, value)
  }

  /** One that SAS itself sets. */
  setGlobal (name: string, value: string): void {
    this.#scopes[0]!.set(name.toLowerCase(), value)
  }

  /** Runs a program without comments, statement by statement. */
  async run (text: string): Promise<void> {
    for (let at = 0; at < text.length;) {
      const sign = text[at]!
      if (sign === '\'') {
        const end = afterQuoted(text, at)
        this.#buffer += text.slice(at, end)
        at = end
      } else if (sign === '"') {
        const end = afterQuoted(text, at)
        this.#buffer += this.#resolve(text.slice(at, end))
        at = end
      } else if (sign === ';') {
        const statement = this.#buffer.trim()
        this.#buffer = ''
        if (statement !== '') await this.#behind.statement(statement)
        at++
      } else if (sign === '%') at = await this.#word(text, at)
      else if (sign === '&') {
        const [written] = /^&\w+\.?/.exec(text.slice(at))!
        this.#buffer += this.#resolve(written)
        at += written.length
      } else {
        this.#buffer += sign
        at++
      }
    }
  }

  /** What stands at a percent sign; answers where the text goes on. */
  async #word (text: string, at: number): Promise<number> {
    const name = /^%(\w+)/.exec(text.slice(at))?.[1]?.toLowerCase()
    if (name === undefined) throw new Error(`a lone %: ${text.slice(at, at + 40)}`)
    const after = at + name.length + 1
    if (this.#macros.has(name)) {
      const open = /^\s*\(/.exec(text.slice(after))
      const end = open === null ? after : afterParenthesis(text, after + open[0].length - 1)
      await this.#call(name, text.slice(after, end).trim().slice(1, -1))
      return end
    }
    if (name === 'if') return await this.#if(text, after)
    if (name === 'do') return await this.#do(text, at)
    if (name === 'macro') return this.#define(text, after)
    const { statement, end } = statementAt(text, after)
    switch (name) {
      case 'let': {
        const [, variable = '', value = ''] = /^\s*(\w+)\s*=(.*)$/s.exec(statement) ?? []
        this.set(variable, this.#resolve(value).trim())
        return end
      }
      case 'local':
      case 'global': {
        const scope = name === 'local' ? this.#scopes.at(-1)! : this.#scopes[0]!
        for (const variable of statement.trim().toLowerCase().split(/\s+/)) {
          if (name === 'local' || !scope.has(variable)) scope.set(variable, '')
        }
        return end
      }
      case 'put':
        this.#behind.log(this.#resolve(statement).trim())
        return end
      case 'include':
        await this.run(this.#behind.included(this.#resolve(statement).trim()))
        return end
      case 'return': throw new Returned()
      case 'abort': throw new SasAborted(statement.trim())
    }
    // a function, among the words of a statement
    const close = afterParenthesis(text, after)
    this.#buffer += this.#resolve(text.slice(at, close))
    return close
  }

  #define (text: string, after: number): number {
    const { statement, end } = statementAt(text, after)
    const [, name = '', list = ''] = /^\s*(\w+)\s*(?:\((.*)\))?$/s.exec(statement) ?? []
    const [mend] = /%mend\b[^;]*;/i.exec(text.slice(end)) ?? []
    if (mend === undefined) throw new Error(`no %MEND of ${name}`)
    const close = text.indexOf(mend, end)
    this.#macros.set(name.toLowerCase(), {
      parameters: (list === '' ? [] : splitList(list)).map(parameter => {
        const [, keyword, value] = /^(\w+)\s*=(.*)$/s.exec(parameter) ?? []
        return [(keyword ?? parameter).toLowerCase(), keyword && value!.trim()]
      }),
      body: text.slice(end, close)
    })
    return close + mend.length
  }

  async #call (name: string, list: string): Promise<void> {
    const { parameters, body } = this.#macros.get(name)!
    const scope = new Map(parameters.map(([name, value]) => [name, this.#resolve(value ?? '')]))
    const places = parameters.filter(([, value]) => value === undefined)
    for (const [index, written] of (list.trim() === '' ? [] : splitList(list)).entries()) {
      const [, keyword = '', value = ''] = /^(\w+)\s*=(.*)$/s.exec(written) ?? []
      const parameter = keyword === '' ? places[index]?.[0] : keyword.toLowerCase()
      if (parameter === undefined || !scope.has(parameter)) {
        throw new Error(`%${name} has no parameter for ${written}`)
      }
      scope.set(parameter, this.#resolve(keyword === '' ? written : value).trim())
    }
    this.#scopes.push(scope)
    try {
      await this.run(body)
    } catch (error) {
      if (!(error instanceof Returned)) throw error
    } finally {
      this.#scopes.pop()
    }
  }

  async #if (text: string, after: number): Promise<number> {
    const then = /%then\b/i.exec(text.slice(after))
    if (then === null) throw new Error(`no %THEN: ${text.slice(after, after + 80)}`)
    const isSo = holds(this.#resolve(text.slice(after, after + then.index)))
    const { ruled, end } = ruledAt(text, after + then.index + then[0].length)
    if (isSo) await this.run(ruled)
    const otherwise = /^\s*%else\b/i.exec(text.slice(end))
    if (otherwise === null) return end
    const from = end + otherwise[0].length
    // a chain: what follows is an %IF with its own %ELSE
    if (/^\s*%if\b/i.test(text.slice(from))) {
      const next = text.indexOf('%', from)
      return isSo ? await this.#pass(text, next + 3) : await this.#if(text, next + 3)
    }
    const other = ruledAt(text, from)
    if (!isSo) await this.run(other.ruled)
    return other.end
  }

  /** Past an %IF that is not looked at. */
  async #pass (text: string, after: number): Promise<number> {
    const then = /%then\b/i.exec(text.slice(after))!
    const { end } = ruledAt(text, after + then.index + then[0].length)
    const otherwise = /^\s*%else\b\s*(%if\b)?/i.exec(text.slice(end))
    if (otherwise === null) return end
    const from = end + otherwise[0].length
    return otherwise[1] === undefined ? ruledAt(text, from).end : await this.#pass(text, from)
  }

  async #do (text: string, at: number): Promise<number> {
    const end = afterGroup(text, at)
    const group = text.slice(at, end)
    const { statement, end: begin } = statementAt(group, 0)
    const body = group.slice(begin, group.toLowerCase().lastIndexOf('%end'))
    const [, variable, from = '', to = ''] =
      /^%do\s+(\w+)\s*=(.*)%to(.*)$/is.exec(statement) ?? []
    if (variable === undefined) await this.run(body)
    else {
      const last = Number(this.#resolve(to))
      for (let i = Number(this.#resolve(from)); i <= last; i++) {
        this.set(variable, String(i))
        await this.run(body)
      }
    }
    return end
  }

  /** Macro variables and functions in a text; what comes of them is not looked at again. */
  #resolve (text: string): string {
    let resolved = ''
    for (let at = 0; at < text.length;) {
      const [variable, name] = /^&(\w+)\.?/.exec(text.slice(at)) ?? []
      const [call, called] = /^%(\w+)\(/.exec(text.slice(at)) ?? []
      if (variable !== undefined) {
        const value = this.get(name!)
        if (value === undefined) throw new Error(`no macro variable ${variable}`)
        resolved += value
        at += variable.length
      } else if (call !== undefined) {
        const end = afterParenthesis(text, at + call.length - 1)
        resolved += this.#function(called!.toLowerCase(), text.slice(at + call.length, end - 1))
        at = end
      } else resolved += text[at++]
    }
    return resolved
  }

  #function (name: string, argument: string): string {
    if (name === 'nrstr') return argument
    if (name === 'superq') return this.get(argument) ?? ''
    if (name === 'symexist') return this.get(argument) === undefined ? '0' : '1'
    const resolved = this.#resolve(argument)
    if (name === 'str') return resolved === ' ' ? BLANK : resolved
    if (name === 'sysfunc') {
      const [, called = '', list = ''] = /^\s*(\w+)\((.*)\)\s*$/s.exec(resolved) ?? []
      const args = splitList(list)
      return dataStepFunction(called, args) ?? this.#behind.systemFunction(called, args)
    }
    const value = macroFunction(name, resolved)
    if (value === undefined) throw new Error(`not known: %${name}`)
    return value
  }
}
