import {
  creditGrade,
  creditWriteoff1,
  creditWriteoff2,
  hmeqLogreg1,
  hmeqLogreg2,
  hmeqTree
} from './formulas.js'
import type { DemoModel, Row, Variable } from './model.js'

const number = (name: string): Variable => ({ name, type: 'number' })
const text = (
  name: string,
  length: number,
  pad: 'leading' | 'trailing' = 'trailing'
): Variable => ({ name, type: 'string', length, pad })

const hmeqInputs: readonly Variable[] = [
  number('CLAGE'),
  number('CLNO'),
  number('DEBTINC'),
  number('DELINQ'),
  number('DEROG'),
  text('JOB', 7),
  number('LOAN'),
  number('MORTDUE'),
  number('NINQ'),
  text('REASON', 7),
  number('VALUE'),
  number('YOJ')
]

const hmeqLogreg = (score: (row: Row) => Row): DemoModel => ({
  step: 'score',
  inputs: hmeqInputs,
  outputs: [
    text('EM_CLASSIFICATION', 12, 'leading'),
    number('EM_EVENTPROBABILITY'),
    number('EM_PROBABILITY'),
    text('I_BAD', 12, 'leading'),
    number('P_BAD0'),
    number('P_BAD1'),
    text('_WARN_', 4)
  ],
  wire: {
    accepts: 'both',
    elapsedNanos: 'number',
    keys: ['version', 'metadata', 'values'],
    document: 'openapi3',
    numberType: 'number'
  },
  score
})

const hmeqTreeModel: DemoModel = {
  step: 'score',
  inputs: hmeqInputs.filter(({ name }) => ['CLAGE', 'DEBTINC', 'DELINQ', 'JOB'].includes(name)),
  outputs: [number('_NODE_'), number('P_BAD1'), number('P_BAD0'), text('I_BAD', 12, 'leading')],
  wire: {
    accepts: 'both',
    elapsedNanos: 'number',
    keys: ['values', 'version', 'metadata'],
    document: 'swagger2',
    numberType: 'decimal'
  },
  score: hmeqTree
}

const creditGradeModel: DemoModel = {
  step: 'execute',
  inputs: [number('INCOME'), number('DEBT'), text('REGION', 8), text('ACCOUNT', 12)],
  outputs: [
    text('GRADE', 8),
    number('SCORE'),
    text('REASON_CODE', 12, 'leading'),
    text('ACCOUNT_OUT', 12),
    number('LIMIT')
  ],
  wire: {
    accepts: 'inputs',
    elapsedNanos: 'string',
    keys: ['metadata', 'version', 'values'],
    document: 'openapi3',
    numberType: 'double'
  },
  score: creditGrade
}

const creditWriteoff = (score: (row: Row) => Row): DemoModel => ({
  step: 'score',
  inputs: [number('BALANCE'), number('MONTHS_LATE'), number('UTILIZATION'), text('SEGMENT', 10)],
  outputs: [
    number('P_WRITEOFF'),
    number('EXPECTED_LOSS'),
    text('DECISION', 8),
    text('MODEL_VERSION', 8, 'leading')
  ],
  wire: {
    accepts: 'both',
    elapsedNanos: 'number',
    keys: ['metadata', 'values', 'version'],
    document: 'openapi3',
    numberType: 'number'
  },
  score
})

/** The demo models by image name and tag. */
export const demoModels: Readonly<Record<string, DemoModel>> = {
  'sr_hmeq_logreg:1.0': hmeqLogreg(hmeqLogreg1),
  'sr_hmeq_logreg:2.0': hmeqLogreg(hmeqLogreg2),
  'sr_hmeq_tree:1.0': hmeqTreeModel,
  'credit_grade:1.0': creditGradeModel,
  'creditwriteoff:1.0': creditWriteoff(creditWriteoff1),
  'creditwriteoff:2.0': creditWriteoff(creditWriteoff2)
}
