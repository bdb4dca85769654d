import fc from 'fast-check'
import assert from 'node:assert/strict'
import t from 'tap'
import {
  isPlain,
  quoteText,
  sasNames,
  nameLiteral
} from '../../../../src/domain/scoring/sas/sas-names.js'

const cases: ReadonlyArray<{ it: string, columns: readonly string[], names: readonly string[] }> = [
  {
    it: 'keeps what SAS takes',
    columns: ['LOAN', '_error', 'a b', 'Größe'],
    names: ['LOAN', '_error', 'a b', 'Größe']
  },
  { it: 'cuts to 32 bytes, not characters', columns: ['ü'.repeat(20)], names: ['ü'.repeat(16)] },
  {
    it: 'numbers what is one name after the cut',
    columns: ['x'.repeat(40), 'x'.repeat(41)],
    names: ['x'.repeat(32), `${'x'.repeat(30)}_2`]
  },
  {
    it: 'leaves a name to the column that has it whole',
    columns: ['x'.repeat(33), 'x'.repeat(32)],
    names: [`${'x'.repeat(30)}_2`, 'x'.repeat(32)]
  },
  { it: 'knows no case', columns: ['id', 'ID', 'Id'], names: ['id', 'ID_2', 'Id_3'] },
  {
    it: 'leaves SAS its own names',
    columns: ['_N_', '_error_', '_all_'],
    names: ['_N__2', '_error__2', '_all__2']
  },
  {
    it: 'names a column without a name by its place',
    columns: ['A', '', 'VAR2'],
    names: ['A', 'VAR2_2', 'VAR2']
  }
]
for (const { it, columns, names } of cases) {
  t.test(`SAS names: ${it}`, async t => {
    t.strictSame(sasNames(columns), names, columns.join())
  })
}

t.test('a name is written as a literal unless SAS takes it as it is, and no quote ends the literal', async t => {
  t.strictSame(['A_1', 'a b', '1ST', 'd\'Or', 'A&B'].map(nameLiteral), ['A_1', '\'a b\'n',
    '\'1ST\'n', '\'d\'\'Or\'n', '\'A&B\'n'])
  t.equal(quoteText('line\nend'), '\'line end\'')
})

t.test('any columns get names that are different to SAS, of at most 32 bytes', async t => {
  t.doesNotThrow(() =>
    fc.assert(fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 40 })), columns => {
      const names = sasNames(columns, ['_scr_at'])
      assert.equal(new Set([...names, '_scr_at'].map(name => name.toLowerCase())).size,
        columns.length + 1)
      for (const name of names) {
        assert.ok(Buffer.byteLength(name) <= 32 && name.trim() !== '', name)
        assert.ok(isPlain(name) || /^'(?:[^']|'')+'n$/.test(nameLiteral(name)), nameLiteral(name))
      }
    }), { numRuns: 500 })
  )
})
