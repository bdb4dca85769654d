import { readFile } from 'node:fs/promises'
import t from 'tap'
import { rightText } from '../../src/domain/access/access.js'
import { NEEDED, ROLES } from '../../src/http/rights.js'
import { rulesIn } from '../support/cluster/accounts.js'

// docs/rights.md and the Roles of deploy/rbac against the table that the service works by.

t.test('the table of docs/rights.md is the one that the service works by', async t => {
  const rows = (await readFile('docs/rights.md', 'utf8')).split('\n').filter(line =>
    /^\| (GET|POST|PUT|PATCH|DELETE) \/(models|scorings)/.test(line)
  )
  t.same(rows, Object.entries(NEEDED).map(([call, { rights, role }]) => {
    const has = ROLES.map((_, place) => place >= ROLES.indexOf(role) ? 'yes' : 'no')
    return `| ${call.replaceAll(/:(\w+)/g, '{$1}')} | ${rights.map(rightText).join(', ')} | ${
      has.join(' | ')
    } |`
  }))
})

for (const [place, role] of ROLES.entries()) {
  t.test(`the Role ${role} has exactly the rights that its calls need`, async t => {
    const needed = Object.values(NEEDED).filter(({ role }) => ROLES.indexOf(role) <= place).flatMap(
      ({ rights }) => rights.map(rightText)
    )
    const rules = await rulesIn(`deploy/rbac/${role.replace('scr-modelops-', '')}.yaml`)
    t.ok(rules.every(({ apiGroups }) => apiGroups.join() === 'serving.knative.dev'))
    const given = rules.flatMap(({ resources, verbs }) =>
      resources.flatMap(resource => verbs.map(verb => `${verb} ${resource}`))
    )
    t.same(given.sort(), [...new Set(needed)].sort())
  })
}
