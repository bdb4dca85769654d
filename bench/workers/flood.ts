// What the stand-in can do at most: the same rows on as many connections, but written ahead, many
// in one write, and the answers only counted. It costs this program far less than the stand-in, so
// the stand-in is what is measured.
import net from 'node:net'
import { once } from 'node:events'
import { rowBody } from '../table-of-rows.js'
import { takeJobs, timed, type Timed } from './jobs.js'

export interface FloodJob {
  readonly port: number
  readonly app: string
  readonly columns: number
  readonly rows: number
  readonly connections: number
  /** Requests of a connection that are under way at the same time. */
  readonly ahead: number
}

takeJobs<FloodJob, Timed>(async ({ port, app, columns, rows, connections, ahead }) => {
  const body = rowBody(1, columns)
  const request =
    `POST /${app} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: keep-alive\r\ncontent-type: application/json\r\n` +
    `accept: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  const batches = Math.ceil(rows / connections / ahead)
  return await timed(batches * ahead * connections, async () => {
    await Promise.all(
      Array.from(
        { length: connections },
        async () => await flood(port, Buffer.from(request.repeat(ahead)), ahead, batches)
      )
    )
  })
})

/**
 * Writes a batch whenever the one before it is answered. All answers are alike, so bytes tell how
 * many came.
 */
async function flood (port: number, batch: Buffer, ahead: number, batches: number): Promise<void> {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  await new Promise<void>((resolve, reject) => {
    let answerBytes = 0
    let bytes = 0
    let sent = 0
    const send = () => {
      sent++
      socket.write(batch)
    }
    socket.on('data', chunk => {
      if (answerBytes === 0) answerBytes = lengthOf(chunk)
      bytes += chunk.length
      if (bytes < answerBytes * sent * ahead) return
      if (sent === batches) resolve()
      else send()
    })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the stand-in closed a connection')))
    send()
  }).finally(() => socket.destroy())
}

/** Of the answer that begins here: its head and what that says of its body. */
function lengthOf (chunk: Buffer): number {
  const head = chunk.toString('latin1', 0, chunk.indexOf('\r\n\r\n'))
  if (!head.startsWith('HTTP/1.1 200')) throw new Error(`the stand-in answered ${head}`)
  return head.length + 4 + Number(/content-length: (\d+)/.exec(head)![1])
}
