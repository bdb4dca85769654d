import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { encodingOf, type Encoding } from '../../../../src/domain/scoring/encodings/encoding.js'
import { all, cutInto, failsWith } from '../support.js'

function encoding (name: string): Encoding {
  const found = encodingOf(name)
  if (found === undefined) throw new Error(`no encoding ${name}`)
  return found
}

async function read (bytes: Buffer, name: string, cut: number): Promise<string> {
  return Buffer.concat(await all(encoding(name).slices(cutInto(bytes, cut)))).toString()
}

const names: ReadonlyArray<readonly [name: string, charset: string | undefined]> = [
  ['utf-8', 'utf-8'],
  ['UTF8', 'utf-8'],
  ['utf_8', 'utf-8'],
  ['utf-16', 'utf-16'],
  ['UTF-16LE', 'utf-16le'],
  ['utf16be', 'utf-16be'],
  ['ucs-2', 'utf-16'],
  ['latin1', 'iso-8859-1'],
  ['ISO-8859-1', 'iso-8859-1'],
  ['latin9', 'iso-8859-15'],
  ['iso8859_2', 'iso-8859-2'],
  ['latin5', 'iso-8859-9'],
  ['wlatin1', 'windows-1252'],
  ['WLATIN1', 'windows-1252'],
  ['wlatin2', 'windows-1250'],
  ['wcyrillic', 'windows-1251'],
  ['wgreek', 'windows-1253'],
  ['wturkish', 'windows-1254'],
  ['whebrew', 'windows-1255'],
  ['warabic', 'windows-1256'],
  ['wbaltic', 'windows-1257'],
  ['wvietnamese', 'windows-1258'],
  ['cp1252', 'windows-1252'],
  ['windows-1252', 'windows-1252'],
  ['pcoem850', 'cp850'],
  ['pcoem437', 'cp437'],
  ['us-ascii', 'us-ascii'],
  ['shift-jis', 'shift_jis'],
  ['ms-932', 'shift_jis'],
  ['euc-jp', 'euc-jp'],
  ['gb18030', 'gb18030'],
  ['big5', 'big5-hkscs'],
  ['base64', undefined],
  ['hex', undefined],
  ['binary', undefined],
  ['utf-7', undefined],
  ['utf-32', undefined],
  ['_sbcs', undefined],
  ['', undefined],
  ['constructor', undefined],
  ['wlatin3', undefined]
]
for (const [name, charset] of names) {
  t.test(`the name "${name}" is that of ${charset ?? 'no encoding'}`, async t => {
    t.equal(encodingOf(name)?.charset, charset)
  })
}

const texts: ReadonlyArray<readonly [name: string, characters: string]> = [
  ['utf-8', 'aé漢😀\u0080\ufffd'],
  ['utf-16', 'aé漢😀\u0080\ufffd'],
  ['utf-16le', 'aé漢😀'],
  ['utf-16be', 'aé漢😀\ufffd'],
  ['latin1', 'aéßÿ\u00a0'],
  ['wlatin1', 'aé€œ„ÿ'],
  ['latin9', 'aé€œ'],
  ['wcyrillic', 'aЖя'],
  ['wgreek', 'aΩ'],
  ['pcoem850', 'aéß'],
  ['shift_jis', 'a漢ｱ表ソ'],
  ['euc-jp', 'a漢ｱ'],
  ['gb18030', 'a漢😀é'],
  ['gbk', 'a漢€'],
  ['big5', 'a漢功'],
  ['euc-kr', 'a한漢']
]
for (const [name, characters] of texts) {
  t.test(`any text in ${name} cut anywhere reads back the same`, async t => {
    const anyText = fc.string({
      unit: fc.constantFrom(...characters, ',', '"', ';', '\n', '\r\n', '1')
    })
    const size = fc.integer({ min: 1, max: 9 })
    await t.resolves(fc.assert(fc.asyncProperty(anyText, size, size, async (text, cut, written) => {
      const encode = encoding(name).encoder()
      const characters = [...text]
      const pieces: Buffer[] = []
      for (let at = 0; at < characters.length; at += written) { pieces.push(encode(characters.slice(at, at + written).join(''))) }
      assert.equal(await read(Buffer.concat(pieces), name, cut), text)
      assert.notEqual(encoding(name).holds?.(text), false, 'what was read can be written')
    }), { numRuns: 150 }))
  })
}

t.test('UTF-16 is answered little-endian with a byte order mark, unless the order was named', async t => {
  t.same(encoding('utf-16').encoder()('A'), Buffer.from([0xff, 0xfe, 0x41, 0]))
  t.same(encoding('utf-16le').encoder()('A'), Buffer.from([0x41, 0]))
  t.same(encoding('utf-16be').encoder()('A'), Buffer.from([0, 0x41]))
  const encode = encoding('utf-16').encoder()
  encode('A')
  t.same(encode('B'), Buffer.from([0x42, 0]), 'only once')
})

const little = (text: string) => Buffer.from(text, 'utf16le')
const big = (text: string) => little(text).swap16()
for (
  const [it, bytes] of Object.entries({
    'little-endian': little('A,é\n'),
    'big-endian': big('A,é\n'),
    'little-endian with a mark': little('\ufeffA,é\n'),
    'big-endian with a mark': big('\ufeffA,é\n')
  })
) {
  t.test(`utf-16 reads ${it}`, async t => {
    for (const cut of [1, 2, 3, 64]) t.equal(await read(bytes, 'utf-16', cut), 'A,é\n', `${cut}`)
  })
}

t.test('a byte order mark is passed over where the order was named, too', async t => {
  t.equal(await read(little('\ufeffA'), 'utf-16le', 1), 'A')
  t.equal(await read(big('\ufeffA'), 'utf-16be', 1), 'A')
})

const bytes = (...parts: ReadonlyArray<string | readonly number[]>) =>
  Buffer.concat(
    parts.map(part => typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))
  )
const invalid: ReadonlyArray<{ it: string, name: string, file: Buffer, words: RegExp }> = [
  {
    it: 'a lone high surrogate',
    name: 'utf-16le',
    file: little('A\nB\n\ud800x\n'),
    words: /: line 3 is not utf-16le text/
  },
  {
    it: 'a lone low surrogate',
    name: 'utf-16',
    file: big('A\n\udc00\n'),
    words: /: line 2 is not utf-16 text/
  },
  {
    it: 'a high surrogate at the end',
    name: 'utf-16',
    file: little('A\nB\ud83d'),
    words: /: line 2 is not utf-16 text/
  },
  {
    it: 'half a character at the end',
    name: 'utf-16',
    file: little('A\nB\n').subarray(0, -1),
    words: /: line 2 is not utf-16 text/
  },
  { it: 'a single byte', name: 'utf-16', file: bytes('A'), words: /: line 1 is not utf-16 text/ },
  {
    it: 'a text without UTF-16\'s zeros',
    name: 'utf-16',
    file: bytes('A,B\n1,2\n'),
    words: /: the file has no UTF-16 byte order mark/
  },
  {
    it: 'a byte that has no character',
    name: 'wlatin1',
    file: bytes('A\nB\n\nx', [0x81], '\n'),
    words: /: line 4 is not windows-1252 text/
  },
  {
    it: 'the euro of Windows',
    name: 'latin1',
    file: bytes('A\nB\n1', [0x80], '\n'),
    words: /: line 3 is not iso-8859-1 text/
  },
  {
    it: 'a byte beyond ASCII',
    name: 'us-ascii',
    file: bytes('A\n', [0xe9]),
    words: /: line 2 is not us-ascii text/
  },
  {
    it: 'a first byte without its second',
    name: 'shift_jis',
    file: bytes('A\nB', [0x83]),
    words: /: line 2 is not shift_jis text/
  },
  {
    it: 'bytes that are no pair',
    name: 'euc-jp',
    file: bytes('A\nB\n', [0xa4, 0x20], 'x\n'),
    words: /: line 3 is not euc-jp text/
  },
  {
    it: 'three of four bytes',
    name: 'gb18030',
    file: bytes('A\n', [0x81, 0x30, 0x81]),
    words: /: line 2 is not gb18030 text/
  }
]
for (const { it, name, file, words } of invalid) {
  t.test(`${it} is refused in ${name} with its line`, async t => {
    for (const cut of [1, 2, 3, 7, 1 << 16]) { await failsWith(t, async () => await read(file, name, cut), 'csv-invalid', words) }
  })
}

t.test('what an encoding lacks, or would write as another character, it does not hold', async t => {
  const lacking: ReadonlyArray<readonly [name: string, text: string]> = [
    ['latin1', '€'],
    ['latin1', '\u0080'],
    ['wlatin1', '漢'],
    ['wlatin1', '\ufffd'],
    ['wlatin1', '😀'],
    ['shift_jis', 'é'],
    ['us-ascii', 'é'],
    ['latin9', '¤'],
    ['wlatin1', '\ud800']
  ]
  for (const [name, text] of lacking) { t.equal(encoding(name).holds?.(`a${text}`), false, `${name} ${text}`) }
  t.equal(encoding('wlatin1').holds?.('a?€\n'), true)
})

t.test('slices are of at most 64 KiB however large the chunks are', async t => {
  for (
    const [name, text] of [['utf-8', 'é'], ['wlatin1', '€'], ['utf-16', '漢'], ['utf-16', '😀'], [
      'gb18030',
      '漢'
    ]] as const
  ) {
    const file = encoding(name).encoder()(text.repeat(300_001))
    const slices = await all(encoding(name).slices(cutInto(file, file.length)))
    t.ok(slices.every(({ length }) => length > 0 && length <= 64 * 1024),
      `${name}: ${Math.max(...slices.map(({ length }) => length))}`)
    t.ok(Buffer.concat(slices).equals(Buffer.from(text.repeat(300_001))), name)
  }
})

t.test('one of the tables is read without a byte order mark being looked for', async t => {
  t.equal(await read(bytes([0xff, 0xfe], 'A'), 'latin1', 1), 'ÿþA')
})
