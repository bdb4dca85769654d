import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parse } from 'csv-parse/sync'
import { demoImage } from '../../simulator/scr/images.js'
import type { Row } from '../../simulator/scr/model.js'

/**
 * The sample with SAS missings, read from the working directory as all of npm's commands have it.
 */
export const SAMPLE = path.resolve('examples/hmeq-sample.csv')

export async function sample (): Promise<string> {
  return await readFile(SAMPLE, 'utf8')
}

/**
 * The answer to scoring `csv` with a demo image: its own columns, then the outputs by the published
 * formula, and `_error`.
 */
export function scoredBy (image: string, csv: string): string {
  const model = demoImage(image)?.model
  if (model === undefined) throw new Error(`no demo image ${image}`)
  const [names = [], ...rows] = parse(csv) as string[][]
  const outputs = model.outputs.map(({ name }) => name)
  const scored = rows.map(cells => {
    const values = Object.fromEntries(
      model.inputs.map(({ name, type }) => [name, valueOf(cells[names.indexOf(name)] ?? '', type)])
    )
    const result: Row = model.score(values)
    return [...cells, ...outputs.map(name => result[name] ?? ''), '']
  })
  return [[...names, ...outputs, '_error'], ...scored].map(cells => `${cells.join()}\n`).join('')
}

function valueOf (cell: string, type: 'number' | 'string'): number | string | null {
  if (type === 'string') return cell === '' ? null : cell
  return cell === '' || /^\.[A-Z_]?$/i.test(cell) ? null : Number(cell)
}
