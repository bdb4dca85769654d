import { randomUUID } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { head, openSocket, send } from '../support/caller.js'
import { until } from '../support/contract.js'
import { BUILT, Program } from '../support/program.js'
import { folder, openSimulator } from '../support/service.js'

// What a process leaves on the disk, and the next one finds there.

async function start (t: Test, SPOOL_DIR: string): Promise<Program> {
  const { cluster } = await openSimulator(t)
  const env = {
    PORT: '0',
    HOST: '127.0.0.1',
    AUTH_MODE: 'none',
    IMAGE_ALLOW_LIST: '*',
    DATA_PATH: 'revision',
    SPOOL_DIR
  }
  const settings = {
    ...env,
    KUBECONFIG: cluster.kubeconfig,
    SCORING_GATEWAY_URL: cluster.gatewayUrl
  }
  return new Program(t, process.execPath, [path.join(BUILT, 'src/main.js')], settings)
}

const listening = async (program: Program): Promise<string> =>
  (await program.says(/Server listening at (http:\/\/[\d.:]+)/))[1] ?? ''

t.test('a process that is killed while its disk is in use leaves nothing', async t => {
  const dir = await folder(t)
  const program = await start(t, dir)
  const url = await listening(program)
  const put = await fetch(`${url}/models/m?wait=60`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: '{"image":"registry.demo/sr_hmeq_tree:1.0"}'
  })
  t.equal(put.status, 201, await put.text())
  const caller = openSocket(url)
  t.teardown(() => caller.destroy())
  await send(caller,
    head(`${url}/models/m/score`, { 'content-type': 'text/csv', 'content-length': '1000000000' }) +
      'CLAGE,CLNO,DEBTINC,DELINQ,DEROG,JOB,LOAN,MORTDUE,NINQ,REASON,VALUE,YOJ,NOTE\n')
  await send(caller, `1,1,1,1,1,Other,1,1,1,DebtCon,1,1,${'n'.repeat(60_000)}\n`.repeat(20))
  const used = async () =>
    Number(
      /^scr_modelops_spool_bytes (\d+)/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1]
    )
  await until('the disk is in use', used, bytes => bytes > 0, 15)
  program.signal('SIGKILL')
  await program.ended
  t.strictSame(await readdir(dir), [])
})

t.test('what a crash left between opening a file and unlinking it is gone after the next start', async t => {
  const dir = await folder(t)
  await writeFile(path.join(dir, `scr-modelops-${randomUUID()}.spool`), 'rows')
  await writeFile(path.join(dir, 'notes.txt'), 'not ours')
  const program = await start(t, dir)
  await listening(program)
  t.strictSame(await readdir(dir), ['notes.txt'])
})

t.test('a SPOOL_DIR that can\'t be used ends the start with exit code 2 and what is allowed', async t => {
  const dir = path.join(await folder(t), 'file')
  await writeFile(dir, '')
  const program = await start(t, `${dir}/spool`)
  t.same(await program.ended, { code: 2, signal: null })
  t.match(program.stderr,
    `bad configuration\n  SPOOL_DIR=${dir}/spool: must be a folder in which files can be made (ENOTDIR`)
  t.notMatch(program.stderr, /at .*\.js:/, 'no stack')
})
