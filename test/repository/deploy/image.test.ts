// What the images of test clusters hold: the same as the Dockerfile's last stage.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { fillServiceFolder, productionPackages } from '../../../scripts/image-folders.js'
import { Program } from '../../support/program.js'
import { folder } from '../../support/service.js'

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly dev?: boolean, readonly devOptional?: boolean }>
  >
}
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock

t.test('the image holds every production package of the lock file that is installed, and no dev dependency', async t => {
  const expected = Object.entries(packages).filter(([place, { dev }]) =>
    place !== '' && dev !== true
  ).map(([place]) => place).filter(place => existsSync(place))
  t.same(productionPackages().sort(), expected.sort())
})

t.test('the service starts from what the image holds, and says which settings are missing', async t => {
  const root = await folder(t)
  fillServiceFolder(root)
  const program = new Program(t, process.execPath, [path.join(root, 'dist/src/main.js')])
  t.equal((await program.ended).code, 2)
  t.match(program.stderr, /AUTH_MODE is not set/)
})
