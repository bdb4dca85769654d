import { splitList } from './macro-text.js'

// What the programs of examples/sas use of %EVAL, of the macro functions and of %SYSFUNC.

/** Whether a condition holds, its macro variables resolved. */
export function holds (condition: string): boolean {
  const either = condition.split(/\bor\b/i)
  if (either.length > 1) return either.some(holds)
  const all = condition.split(/\band\b/i)
  if (all.length > 1) return all.every(holds)
  if (/^\s*not\b/i.test(condition)) return !holds(condition.replace(/^\s*not\b/i, ''))
  const [, left, operator, right] = /^(.*?)(?:^|\s)(eq|ne|le|lt|ge|gt)(?:\s|$)(.*)$/is
    .exec(condition) ?? []
  if (operator === undefined) return numberOf(condition) !== 0
  const order = compare(left!.trim(), right!.trim())
  return {
    eq: order === 0, ne: order !== 0, le: order <= 0, lt: order < 0, ge: order >= 0, gt: order > 0
  }[operator.toLowerCase()]!
}

function numberOf (text: string): number {
  if (!/^\s*-?\d+\s*$/.test(text)) throw new Error(`%EVAL needs a number: "${text.trim()}"`)
  return Number(text)
}

function compare (left: string, right: string): number {
  const isNumber = (text: string) => /^-?\d+$/.test(text)
  if (isNumber(left) && isNumber(right)) return Number(left) - Number(right)
  return left < right ? -1 : left === right ? 0 : 1
}

/** Undefined: there is no such macro function here. */
export function macroFunction (name: string, argument: string): string | undefined {
  const [first = '', second = '', third] = splitList(argument)
  switch (name) {
    case 'length': return String(argument.trim().length)
    case 'upcase': return argument.toUpperCase()
    case 'index': return String(first.indexOf(second) + 1)
    case 'scan': return wordsOf(first, third)[Number(second) - 1] ?? ''
    case 'eval': return String(Number(holds(argument)))
    default: return undefined
  }
}

/** Of %SYSFUNC; undefined: one that needs the session, or is not known. */
export function dataStepFunction (name: string, args: readonly string[]): string | undefined {
  const [first = '', second = ''] = args
  switch (name) {
    case 'indexw': return String(wordsOf(first).indexOf(second) + 1)
    case 'countw': return String(wordsOf(first, second).length)
    case 'coalescec': return args.find(text => text !== '') ?? ''
    case 'sysmsg': return ''
    default: return undefined
  }
}

/** A delimiter that is not there is a blank; BLANK stands for %STR( ). */
function wordsOf (text: string, delimiters = ''): string[] {
  return text.split(delimiters === '' || delimiters === BLANK ? ' ' : delimiters)
    .filter(word => word !== '')
}

/** A blank that %STR keeps from being cut off. */
export const BLANK = '\u0001'
