import t from 'tap'
import { parseLabelSelector } from '../../../../src/adapters/kubernetes/view/label-selector.js'

const labels = { team: 'risk', stage: 'dev', 'example.com/owner': 'ada', empty: '' }
const cases: ReadonlyArray<{ selector: string, matches: boolean }> = [
  { selector: '', matches: true },
  { selector: 'team=risk', matches: true },
  { selector: 'team == risk', matches: true },
  { selector: 'team=fraud', matches: false },
  { selector: 'team!=fraud', matches: true },
  { selector: 'nosuch!=fraud', matches: true },
  { selector: 'team in (risk,fraud)', matches: true },
  { selector: 'team in (fraud), stage=dev', matches: false },
  { selector: 'team notin (fraud, ops),stage=dev', matches: true },
  { selector: 'nosuch notin (fraud)', matches: true },
  { selector: 'nosuch in (fraud)', matches: false },
  { selector: 'example.com/owner', matches: true },
  { selector: '!team', matches: false },
  { selector: '!nosuch', matches: true },
  { selector: 'constructor', matches: false },
  { selector: 'empty=', matches: true },
  { selector: 'nosuch=', matches: false }
]
for (const { selector, matches } of cases) {
  t.test(`"${selector}" ${matches ? 'matches' : 'does not match'}`, async t => {
    t.equal(parseLabelSelector(selector)(labels), matches)
  })
}

for (
  const selector of ['=', 'a===b', 'a=b=c', 'a in b', 'a in (b', ',', 'a,', 'a b', '-a', 'a=b/c',
    '!a=b', 'a>1']
) {
  t.test(`"${selector}" can't be read`, async t => {
    t.throws(() => parseLabelSelector(selector), {
      message: /^query\.labelSelector: can't be read at /
    })
  })
}
