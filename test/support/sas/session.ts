import { readFileSync } from 'node:fs'
import { runDataStep } from './data-steps.js'
import { withoutComments } from './macro-text.js'
import { SasAborted, SasMacros, type SasBehind } from './macros.js'
import { sendProcHttp, type ProcHttp, type SasAnswer } from './proc-http.js'
import { jsonBody, procHttpOf } from './procedures.js'
import { runSasStep } from './step-reader.js'
import { exported, jsonTable, type Table } from './tables.js'

/** A request that a program has made, and what came back. */
export interface Made extends ProcHttp {
  readonly answer: SasAnswer
}

export interface Given {
  /** Texts by their path: files that a program reads, and `%include`s where they lie elsewhere. */
  readonly files?: Readonly<Record<string, string>>
  /** SAS Viya's token of the session. */
  readonly servicesToken?: string
}

/**
 * SAS, as far as the programs of examples/sas need it: their macros are run as they are written,
 * their requests sent as PROC HTTP sends them, their tables made. After SAS's documentation; no SAS
 * was asked. What it does not know ends the test.
 */
export class SasSession implements SasBehind {
  readonly requests: Made[] = []
  readonly logged: string[] = []
  readonly tables = new Map<string, Table>()
  /** By path. */
  readonly files: Map<string, string>
  readonly #paths = new Map<string, string>()
  readonly #libraries = new Map<string, unknown>()
  readonly #macros = new SasMacros(this)
  readonly #token: string
  #step: string[] = []

  constructor ({ files = {}, servicesToken = 'of-the-session' }: Given = {}) {
    this.files = new Map(Object.entries(files))
    this.#token = servicesToken
    this.#macros.setGlobal('SYSERR', '0')
  }

  /** Runs a program; answers whether it went to its end. */
  async run (program: string): Promise<'ended' | 'cancelled'> {
    try {
      await this.#macros.run(withoutComments(program))
      if (this.#step.length > 0) throw new Error(`no RUN of ${this.#step[0]}`)
      return 'ended'
    } catch (error) {
      if (!(error instanceof SasAborted)) throw error
      return 'cancelled'
    }
  }

  log (line: string): void {
    this.logged.push(line)
  }

  setVariable (name: string, value: string): void {
    this.#macros.set(name, value)
  }

  table (name: string): Table {
    const [library = '', member = ''] = name.toLowerCase().split('.')
    const found = this.#libraries.has(library)
      ? jsonTable(this.#libraries.get(library), member)
      : this.tables.get(name.toLowerCase())
    if (found === undefined) throw new Error(`no table ${name}`)
    return found
  }

  textOf (fileref: string): string {
    return this.files.get(this.#pathOf(fileref)) ?? ''
  }

  write (fileref: string, text: string): void {
    this.files.set(this.#pathOf(fileref), text)
  }

  #pathOf (fileref: string): string {
    const path = this.#paths.get(fileref.toLowerCase())
    if (path === undefined) throw new Error(`no fileref ${fileref}`)
    return path
  }

  included (what: string): string {
    if (what.startsWith('"')) {
      const path = what.slice(1, -1)
      return withoutComments(this.files.get(path) ?? readFileSync(path, 'utf8'))
    }
    const text = this.textOf(what)
    if (!text.includes('data work.scored')) return withoutComments(text)
    // the step that the service makes
    const { variables, rows } = runSasStep(text, this.textOf('answer'))
    const columns = variables.map(({ name, bytes }) => ({ name, isText: bytes !== 'number' }))
    this.tables.set('work.scored', { columns, rows })
    return ''
  }

  systemFunction (name: string, args: readonly string[]): string {
    const [first = '', second = ''] = args
    switch (name) {
      case 'pathname': return this.#pathOf(first)
      case 'fcopy':
        this.write(second, this.textOf(first))
        return '0'
      case 'exist': {
        const [library = '', member = ''] = first.split('.')
        return jsonTable(this.#libraries.get(library), member).rows.length > 0 ? '1' : '0'
      }
      default: throw new Error(`not known: %sysfunc(${name}(…))`)
    }
  }

  async statement (text: string): Promise<void> {
    const [first = ''] = text.toLowerCase().split(/\s/, 1)
    if (first === 'filename') this.#filename(text)
    else if (first === 'libname') this.#libname(text)
    else if (first === 'run' || first === 'quit') {
      const step = this.#step
      this.#step = []
      await this.#runStep(step)
    } else if (first === 'data' || first === 'proc') {
      if (this.#step.length > 0) throw new Error(`no RUN before ${text}`)
      this.#step = [text]
    } else if (this.#step.length > 0) this.#step.push(text)
    else if (first !== 'options') throw new Error(`not known: ${text}`)
  }

  #filename (text: string): void {
    const [, name, temp, path] =
      /^filename (\w{1,8}) (?:(temp)|"([^"]*)")(?: encoding='utf-8'| recfm=n)?$/.exec(text) ?? []
    if (name === undefined) throw new Error(`not known: ${text}`)
    this.#paths.set(name.toLowerCase(), temp === undefined ? path! : `temp of ${name}`)
    if (temp !== undefined) this.write(name, '')
  }

  #libname (text: string): void {
    const [, name, fileref] = /^libname (\w{1,8}) (?:json fileref=(\w+)|clear)$/.exec(text) ?? []
    if (name === undefined) throw new Error(`not known: ${text}`)
    this.#libraries.delete(name)
    if (fileref === undefined) return
    try {
      this.#libraries.set(name, JSON.parse(this.textOf(fileref)))
      this.#macros.setGlobal('SYSLIBRC', '0')
    } catch {
      this.#macros.setGlobal('SYSLIBRC', '1')
    }
  }

  async #runStep (step: readonly string[]): Promise<void> {
    const [head = '', ...rest] = step
    const procedure = /^proc (\w+)/.exec(head)?.[1]
    if (procedure === undefined) return runDataStep(this, step)
    const fileref = /\bout(?:file)?=(\w+)/.exec(head)?.[1] ?? ''
    switch (procedure) {
      case 'json': return this.write(fileref, jsonBody(rest))
      case 'export': return this.write(fileref, exported(this.table(/\bdata=(\S+)/.exec(head)![1]!)))
      case 'print': return this.log(`printed: ${this.table(/\bdata=(\S+)/.exec(head)![1]!).rows.length} rows`)
      case 'http': return await this.#http(head)
      default: throw new Error(`not known: ${head}`)
    }
  }

  async #http (head: string): Promise<void> {
    const { input, out, headerOut, login, ...asked } = procHttpOf(head)
    const bearer = login === 'sas_services' ? this.#token : login
    const content = input === undefined ? '' : this.textOf(input)
    const step = { ...asked, content, ...(bearer === undefined ? {} : { bearer }) }
    try {
      const answer = await sendProcHttp(step)
      this.requests.push({ ...step, answer })
      this.write(out, answer.body)
      if (headerOut !== undefined) this.write(headerOut, answer.headers)
      this.#macros.setGlobal('SYSERR', '0')
      this.#macros.setGlobal('SYS_PROCHTTP_STATUS_CODE', String(answer.status))
    } catch (error) {
      this.log(`ERROR: ${String(error)}`)
      this.#macros.setGlobal('SYSERR', '1012')
    }
  }
}
