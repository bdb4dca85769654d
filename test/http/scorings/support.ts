import { deferred } from '../../../src/async/deferred.js'
import { program, until, type Program } from '../../support/model-program.js'

/** A scoring as the API tells it. */
export interface Told {
  readonly id: string
  readonly kind: string
  readonly model: string
  readonly user: string
  readonly state: string
  readonly bytesRead: number
  readonly rowsRead: number
  readonly rowsScored: number
  readonly rowsFailed: number
  readonly rowsPerSecond: number
  readonly revisions: Readonly<Record<string, number>>
  readonly share?: number
  readonly startedAt: string
  readonly endedAt?: string
  readonly expectedEnd?: string
  readonly error?: { readonly type: string; readonly detail: string; readonly remedy: string }
}

/** A model that answers rows below `answered` at once, and the others when it is let go. */
export function held (answered: number): { model: Program; go: () => void } {
  const { promise: going, resolve: go } = deferred()
  const model = program({
    inputs: { X: 'number' },
    outputs: { Y: 'number' },
    async score ({ row }) {
      if ((row['X'] as number) >= answered) await going
      return { Y: row['X'] }
    }
  })
  return { model, go }
}

/** A CSV of so many rows. */
export function rowsOf (count: number): string {
  return 'X\n' + Array.from({ length: count }, (_, row) => `${row}\n`).join('')
}

export async function post (
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {}
): Promise<Response> {
  return await fetch(url, { method: 'POST', headers: { 'content-type': 'text/csv', ...headers }, body })
}

/** A scoring, as soon as it is so. */
export async function scoringWhen (
  url: string,
  id: string,
  isSo: (told: Told) => boolean = () => true
): Promise<Told> {
  const read = async (): Promise<Told> =>
    await (await fetch(`${url}/scorings/${id}`)).json() as Told
  return await until(read, told => told.state !== undefined && isSo(told))
}

export interface Listed {
  readonly items: readonly Told[]
  readonly silentReplicas?: number
}

export async function list (url: string, query = ''): Promise<readonly Told[]> {
  return (await (await fetch(`${url}/scorings${query}`)).json() as Listed).items
}

/** The events about a scoring, as they come. */
export async function * follow (
  url: string,
  id: string
): AsyncGenerator<{ readonly event: string; readonly told: Told }> {
  const response = await fetch(`${url}/scorings/${id}`, { headers: { accept: 'text/event-stream' } })
  if (response.headers.get('content-type') !== 'text/event-stream') {
    throw new Error(`${response.status} ${await response.text()}`)
  }
  let text = ''
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    text += piece
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [, event = '', data = ''] = /^event: (.*)\ndata: (.*)$/.exec(text.slice(0, end)) ?? []
      text = text.slice(end + 2)
      yield { event, told: JSON.parse(data) as Told }
    }
  }
}
