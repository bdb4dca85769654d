// Installs what a command needs and is not there yet.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { npmCli, runNode } from './programs.mjs'

const QUIET = ['--no-audit', '--no-fund', '--prefer-offline']

/** All that package.json names. */
export async function installAll (root) {
  const { dependencies, devDependencies } = read(root, 'package.json')
  if (areThere(root, { ...dependencies, ...devDependencies })) return
  console.error('installing all dependencies (once) …')
  await runNode(root, [npmCli(), 'ci', '--include=dev', ...QUIET])
}

/**
 * What the service needs, and the compiler: a fifth of all packages, so that the demo does not keep
 * anybody waiting.
 */
export async function installForDemo (root) {
  const { dependencies } = read(root, 'package.json')
  if (!areThere(root, dependencies)) {
    console.error('installing the dependencies of the service (once) …')
    await runNode(root, [npmCli(), 'ci', '--omit=dev', ...QUIET])
  }
  if (!areThere(root, { typescript: '' }) && !areThere(compilerFolder(root), { typescript: '' })) {
    console.error('installing the compiler (once) …')
    await installCompiler(root)
  }
}

/** The folder in whose node_modules the compiler lies. */
export function compilerHome (root) {
  return areThere(root, { typescript: '' }) ? root : compilerFolder(root)
}

/**
 * In a project of its own, because npm installs either all development dependencies of a project or
 * none.
 */
async function installCompiler (root) {
  const { dev, ...compiler } = read(root, 'package-lock.json').packages['node_modules/typescript']
  const project = {
    name: 'compiler',
    private: true,
    dependencies: { typescript: compiler.version }
  }
  const lock = {
    name: 'compiler',
    lockfileVersion: 3,
    packages: { '': project, 'node_modules/typescript': compiler }
  }
  const folder = compilerFolder(root)
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(project))
  writeFileSync(path.join(folder, 'package-lock.json'), JSON.stringify(lock))
  await runNode(folder, [npmCli(), 'ci', ...QUIET])
}

/** Inside node_modules: gone when all is installed. */
function compilerFolder (root) {
  return path.join(root, 'node_modules', '.compiler')
}

function areThere (folder, dependencies) {
  return Object.keys(dependencies).every(name =>
    existsSync(path.join(folder, 'node_modules', name, 'package.json'))
  )
}

function read (root, file) {
  return JSON.parse(readFileSync(path.join(root, file), 'utf8'))
}
