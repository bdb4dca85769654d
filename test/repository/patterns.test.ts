import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { cellReader } from '../../src/domain/scoring/values/cell.js'
import { hasSpecial } from '../../src/domain/scoring/answer/csv-bytes.js'
import { sized } from '../support/size.js'

// Every pattern of src takes time in proportion to its text: whoever sends the text chooses how
// long that is.

// its own JavaScript: the same everywhere
process.env['RECHECK_SYNC_BACKEND'] = 'pure'
const { checkSync } = await import('recheck')

const SRC = 'src'
/** A quick run tries every third pattern, and other ones the next day. */
const STEP = sized(1, 3)
const TODAY = Math.floor(Date.now() / 86_400_000)

interface Found {
  readonly at: string
  readonly source: string
  readonly flags: string
}

/**
 * What the text of the sources tells; `built` has the places whose pattern is only known when they
 * run.
 */
function patternsIn (file: string): { known: Found[], built: string[] } {
  const program = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest,
    true)
  const constants = new Map<string, ts.Expression>()
  const known: Found[] = []
  const built: string[] = []

  /** Of literals, templates and sums of them and of the file's constants. */
  function textOf (node: ts.Expression | undefined): string | undefined {
    if (node === undefined) return undefined
    if (ts.isStringLiteralLike(node)) return node.text
    if (ts.isIdentifier(node)) return textOf(constants.get(node.text))
    if (ts.isTemplateExpression(node)) {
      const parts = node.templateSpans.map(span =>
        [textOf(span.expression), span.literal.text] as const
      )
      return parts.some(([text]) => text === undefined)
        ? undefined
        : node.head.text + parts.flat().join('')
    }
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
      const [left, right] = [textOf(node.left), textOf(node.right)]
      return left === undefined || right === undefined ? undefined : left + right
    }
    return undefined
  }

  function add (node: ts.Node, source: string | undefined, flags: string): void {
    const at = `${file}:${program.getLineAndCharacterOfPosition(node.getStart()).line + 1}`
    if (source === undefined) built.push(file)
    else known.push({ at, source, flags })
  }

  function visit (node: ts.Node): void {
    if (
      ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer !== undefined
    ) {
      constants.set(node.name.text, node.initializer)
    }
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/')
      add(node, node.text.slice(1, end), node.text.slice(end + 1))
    }
    if (
      (ts.isNewExpression(node) || ts.isCallExpression(node)) &&
      node.expression.getText() === 'RegExp'
    ) {
      add(node, textOf(node.arguments?.[0]), textOf(node.arguments?.[1]) ?? '')
    }
    // of a schema
    if (ts.isPropertyAssignment(node) && node.name.getText() === 'pattern') { add(node, textOf(node.initializer), 'u') }
    ts.forEachChild(node, visit)
  }
  visit(program)
  return { known, built }
}

/** The patterns that are made while `work` runs. */
function made (at: string, work: () => unknown): Found[] {
  const found: Found[] = []
  const Real = globalThis.RegExp
  globalThis.RegExp = new Proxy(Real, {
    construct (Target, [source, flags = '']: [string, string?]) {
      found.push({ at, source, flags })
      return new Target(source, flags)
    }
  })
  try {
    work()
  } finally {
    globalThis.RegExp = Real
  }
  return found
}

const SIGNS = ['.', ',', '\'', ' ', '^', '\\', '$', '*', '|', '(', ']', '-']

/** Places whose pattern depends on what a caller asks for, with the askings that make it. */
const BUILDERS: Readonly<Record<string, () => unknown>> = {
  'src/domain/scoring/values/cell.ts' () {
    for (const decimal of ['.', ',']) {
      for (const thousands of [undefined, ...SIGNS]) {
        cellReader('number', {
          decimal,
          ...(thousands === undefined ? {} : { thousands })
        })
      }
    }
  },
  'src/domain/scoring/answer/csv-bytes.ts' () {
    for (const delimiter of SIGNS) { for (const quote of ['', '"', '\'', '^']) hasSpecial({ delimiter, quote }) }
  }
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(name =>
  name.endsWith('.ts')
).map(name => path.join(SRC, name))
const found = files.map(patternsIn)

t.test('every pattern of src takes linear time', async t => {
  const all = [...found.flatMap(({ known }) => known),
    ...Object.entries(BUILDERS).flatMap(([file, build]) => made(file, build))]
  const distinct = [...new Map(all.map(one => [`/${one.source}/${one.flags}`, one])).values()]
  t.ok(distinct.length > 50, `${distinct.length} patterns were found`)
  const tried = distinct.filter((_, index) => (index + TODAY) % STEP === 0)
  const faults = tried.flatMap(({ at, source, flags }) => {
    const told = checkSync(source, flags, { timeout: 20_000 })
    // what was only tried out ("fuzz") is not known to be linear
    const verdict = told.status === 'unknown'
      ? 'not decided'
      : told.complexity.isFuzz
        ? 'not proved linear'
        : told.complexity.type
    return verdict === 'safe' || verdict === 'linear'
      ? []
      : [`${at}: /${source}/${flags} is ${verdict}`]
  })
  t.same(faults, [])
})

t.test('patterns that are made while the service runs are all known to this test', async t => {
  t.same([...new Set(found.flatMap(({ built }) => built))].sort(), Object.keys(BUILDERS).sort())
})
