// npm run bench: what DESIGN.md calls fast, as ratios of one run. `--help` lists the parts.
import { writeFile } from 'node:fs/promises'
import { optionsOrExit } from './options.js'
import { onCluster } from './cluster/on-cluster.js'
import { local } from './local.js'
import { stopAll } from './program.js'
import { verdictTable } from './report.js'

const options = optionsOrExit(process.argv.slice(2))
try {
  const { verdicts, ...results } = await (options.cluster ? onCluster : local)(options)
  if (verdicts.length > 0) console.log(`\n${verdictTable(verdicts)}`)
  await writeFile(options.json, JSON.stringify({ ...results, verdicts }, null, 2) + '\n')
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  await stopAll()
}
process.exit()
