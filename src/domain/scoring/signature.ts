import { DomainError } from '../errors.js'

export type VariableType = 'number' | 'string'

export interface Variable {
  readonly name: string
  readonly type: VariableType
  /** Declared length of a CHAR variable, in characters, where the model tells it. */
  readonly length?: number
}

export interface InputVariable extends Variable {
  /** The column has to be there; its cells may be missing values. */
  readonly required: boolean
}

/** What a model takes and gives, by its own description. */
export interface Signature {
  readonly inputs: readonly InputVariable[]
  readonly outputs: readonly Variable[]
  /** The model has no description: types come from how values look, outputs from the first answer. */
  readonly inferred: boolean
}

export const UNKNOWN_SIGNATURE: Signature = { inputs: [], outputs: [], inferred: true }

export function sameSignature (a: Signature, b: Signature): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/**
 * What several revisions take and give together: a column that one of them needs is needed, outputs in order of first mention.
 * @throws DomainError `signatures-conflict` when a variable has two types
 */
export function unionOf (signatures: readonly Signature[]): Signature {
  const [only] = signatures
  if (only !== undefined && signatures.length === 1) return only
  const inputs = new Map<string, InputVariable>()
  const outputs = new Map<string, Variable>()
  for (const signature of signatures) {
    for (const input of signature.inputs) {
      const known = typeChecked(inputs.get(input.name), input)
      inputs.set(input.name, { ...input, required: input.required || known?.required === true })
    }
    for (const output of signature.outputs) {
      if (typeChecked(outputs.get(output.name), output) === undefined) outputs.set(output.name, output)
    }
  }
  return { inputs: [...inputs.values()], outputs: [...outputs.values()], inferred: signatures.some(({ inferred }) => inferred) }
}

function typeChecked<V extends Variable> (known: V | undefined, found: V): V | undefined {
  if (known !== undefined && known.type !== found.type) {
    throw new DomainError('signatures-conflict', `the revisions disagree on "${found.name}": ${known.type} and ${found.type}`)
  }
  return known
}
