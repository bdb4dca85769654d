import { DomainError } from '../../errors.js'

export type VariableType = 'number' | 'string'

export interface Variable {
  readonly name: string
  readonly type: VariableType
  /** The declared length of a CHAR variable in characters, where the model gives it. */
  readonly length?: number
  /**
   * int64: a whole number whose digits are kept. json: a data grid or list; JSON text in CSV.
   */
  readonly format?: 'int64' | 'json'
}

export interface InputVariable extends Variable {
  /** The data must have the column; its cells may be missing values. */
  readonly required: boolean
}

/** The inputs and outputs of a model, by its own description. */
export interface Signature {
  readonly inputs: readonly InputVariable[]
  readonly outputs: readonly Variable[]
  /**
   * The model has no description. Types are inferred from the look of the values, and the outputs
   * from the first answer.
   */
  readonly inferred: boolean
}

export const UNKNOWN_SIGNATURE: Signature = { inputs: [], outputs: [], inferred: true }

export function sameSignature (a: Signature, b: Signature): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/**
 * Joins the signatures of several revisions. An input is required if one of them requires it.
 * Outputs come in the order of their first mention.
 * @throws DomainError `signatures-conflict` when a variable has two types
 */
export function unionOf (signatures: readonly Signature[]): Signature {
  const [only] = signatures
  if (only !== undefined && signatures.length === 1) return only
  const inputs = new Map<string, InputVariable>()
  const outputs = new Map<string, Variable>()
  for (const signature of signatures) {
    for (const input of signature.inputs) {
      const known = checkType(inputs.get(input.name), input)
      inputs.set(input.name, { ...input, required: input.required || known?.required === true })
    }
    for (const output of signature.outputs) {
      if (checkType(outputs.get(output.name), output) === undefined) {
        outputs.set(output.name, output)
      }
    }
  }
  return {
    inputs: [...inputs.values()],
    outputs: [...outputs.values()],
    inferred: signatures.some(({ inferred }) => inferred)
  }
}

function checkType<V extends Variable> (known: V | undefined, found: V): V | undefined {
  if (known !== undefined && kindOf(known) !== kindOf(found)) {
    throw new DomainError(
      'signatures-conflict',
      `the revisions disagree on "${found.name}": ${kindOf(known)} and ${kindOf(found)}`
    )
  }
  return known
}

/** The format, else the type: it decides how a variable's values are read. */
function kindOf ({ type, format }: Variable): string {
  return format ?? type
}
