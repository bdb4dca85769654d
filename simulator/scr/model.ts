/** A SAS value. Numbers are doubles. A missing number or text is null. */
export type Value = number | string | null

/** Values by variable name. Names are case sensitive. An absent name counts as missing. */
export type Row = Readonly<Record<string, Value>>

/**
 * A declared input or output. `pad` names the side on which blanks fill an output up to its length.
 */
export type Variable =
  | { readonly name: string; readonly type: 'number' }
  | {
    readonly name: string
    readonly type: 'string'
    readonly length: number
    readonly pad: 'leading' | 'trailing'
  }

/**
 * The differences between real containers that matter to a client. The demo images show all of
 * them.
 */
export interface Wire {
  /** `both`: both body forms; `inputs`: only the older `{"inputs":[{name,value}]}`. */
  readonly accepts: 'both' | 'inputs'
  readonly elapsedNanos: 'number' | 'string'
  /**
   * The order of the answer's top level keys. `values` stands for `data` if the request has `data`,
   * for `outputs` if it has `inputs`.
   */
  readonly keys: ReadonlyArray<'version' | 'metadata' | 'values'>
  /** OpenAPI 3 calls the schemas SCRInput and SCROutput, Swagger 2 PCRInput and PCROutput. */
  readonly document: 'openapi3' | 'swagger2'
  /** The type that the document gives to doubles. */
  readonly numberType: 'number' | 'decimal' | 'double'
}

export interface DemoModel {
  /** The published step; `POST /{app}` runs it too. */
  readonly step: string
  readonly inputs: readonly Variable[]
  readonly outputs: readonly Variable[]
  readonly wire: Wire
  /** A pure function. It returns texts without padding. */
  readonly score: (row: Row) => Row
}
