// Loaded before tap's own modules in each test file. tap registers hooks that follow every import,
// for coverage, which is off here, and to compile TypeScript, which tsc has done. Before Node 24
// such hooks run in a thread of their own and make the imports of a test file take three times as
// long.
import module from 'node:module'

const { register } = module
module.register = (specifier, ...others) => {
  if (!String(specifier).includes('/@tapjs/')) register.call(module, specifier, ...others)
}
