import type { DemoModel } from './model.js'
import { demoModels } from './models.js'

/** What goes wrong with an image whose tag ends in this word; see faults.ts. */
export type Fault = 'missing' | 'denied' | 'crash' | 'hungry' | 'otherport' | 'slowstart' | 'slow' | 'flaky'

export interface DemoImage {
  readonly name: string
  /** Without the fault's suffix. */
  readonly tag: string
  readonly fault?: Fault
  readonly model: DemoModel
}

const reference = /^(?:.*\/)?(?<name>[a-z_]+):(?<tag>[\d.]+)(?:-(?<fault>missing|denied|crash|hungry|otherport|slowstart|slow|flaky))?$/

/**
 * The demo image behind a reference, whatever registry precedes it; undefined when no such image exists.
 * A `-missing` image is returned with its fault: the caller decides that pulling fails.
 */
export function demoImage (image: string): DemoImage | undefined {
  const { name, tag, fault } = reference.exec(image)?.groups ?? {}
  const model = demoModels[`${name}:${tag}`]
  if (name === undefined || tag === undefined || model === undefined) return undefined
  return { name, tag, model, ...(fault !== undefined && { fault: fault as Fault }) }
}
