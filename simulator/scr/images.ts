import { ODDITIES, type AnswerFault } from './answer-faults.js'
import type { DemoModel } from './model.js'
import { demoModels } from './models.js'

/**
 * The fault of an image whose tag ends in this word. See faults.ts and answer-faults.ts.
 */
export type Fault =
  | 'missing'
  | 'denied'
  | 'crash'
  | 'hungry'
  | 'otherport'
  | 'slowstart'
  | 'slow'
  | 'flaky'
  | AnswerFault

export interface DemoImage {
  readonly name: string
  /** The tag without the suffix of the fault. */
  readonly tag: string
  readonly fault?: Fault
  readonly model: DemoModel
}

const FAULTS = [
  'missing',
  'denied',
  'crash',
  'hungry',
  'otherport',
  'slowstart',
  'slow',
  'flaky',
  ...Object.keys(ODDITIES)
]
const reference = new RegExp(
  `^(?:.*/)?(?<name>[a-z_]+):(?<tag>[\\d.]+)(?:-(?<fault>${FAULTS.join('|')}))?$`
)

/**
 * Finds the demo image of a reference, with any registry before it. Returns undefined if there is
 * no such image. A `-missing` image is returned with its fault, and the caller lets the pull fail.
 */
export function demoImage (image: string): DemoImage | undefined {
  const { name, tag, fault } = reference.exec(image)?.groups ?? {}
  const model = demoModels[`${name}:${tag}`]
  if (name === undefined || tag === undefined || model === undefined) return undefined
  return { name, tag, model, ...(fault !== undefined && { fault: fault as Fault }) }
}
